"""The file system of the logs nearly full: `[output.tstat] on_full` on a small one of its own.

spool: every row is there, in the base or in the spool; drop: every row is written or counted;
block: a replay waits until there is room. What is said, once; what /readyz and /metrics tell."""
import gzip
import json
import os
import re
import signal
import socket
import subprocess
import time

import support
from serving import Serving, make_capture, wait_until
from support import connections, directories, rows, write_pcap

ROOM = 4 << 20
FEW = 96 << 10  # bytes that a test leaves
CONNECTIONS = 2000
SPOOL = '[output.tstat]\nspool = "spool"\n'
DROP = '[output.tstat]\non_full = "drop"\n'
BLOCK = '[output.tstat]\non_full = "block"\n'


def metric(text, name):
    return float(re.search(rf"(?m)^tapstat_{name}(?:{{worker=\"writer\"}})? (\S+)$", text)[1])


class SmallDisk(support.TestCase):
    def setUp(self):
        super().setUp()
        self.out, self.spool = self.mount("out", ROOM), self.mount("spool", 16 * ROOM)

    def leave(self, free):
        """A file that takes everything but `free` bytes."""
        ballast = self.out / "ballast"
        ballast.write_bytes(b"x" * (ROOM - free))
        return ballast

    def configure(self, text):
        (self.directory / "tapstat.toml").write_text(text)
        return ("-c", "tapstat.toml", "--json", "--no-progress")

    def start(self, config, *arguments):
        write_pcap(self.directory / "in.pcap", connections(CONNECTIONS))
        process = subprocess.Popen(
            [support.BINARY, "replay", "in.pcap", "-s", "out", *self.configure(config), *arguments],
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.kill)
        return process

    def finish(self, process, status):
        """The document of a run that ends so, its ledger closed, and its messages."""
        out, err = process.communicate(timeout=support.TIMEOUT_S)
        self.assertEqual(process.returncode, status, err.decode())
        document = json.loads(out)
        self.assertTrue(document["difference_is_zero"])
        return document, err.decode()

    def assert_lines_are_whole(self, base, name="log_tcp_complete"):
        for directory in directories(base):
            path = directory / name
            if not path.exists() or path.stat().st_size == 0:
                continue
            text = path.read_text()
            self.assertTrue(text.endswith("\n"), path)
            self.assertEqual(len({len(line.split(" ")) for line in text.splitlines()}), 1, path)


class Spool(SmallDisk):
    def test_rows_go_there_and_back_and_it_is_said_once(self):
        ballast = self.leave(ROOM // 20)
        capture = make_capture(self.directory / "capture.pcap", count=100, gap_us=20_000)
        with Serving(self.directory, capture=capture, config=SPOOL) as probe:
            self.assertEqual(probe.request("GET", "/readyz")[0], 200)
            wait_until(lambda: any(" full (" in line for _, line in probe.errors), timeout=60)
            full = [line for _, line in probe.errors if " full (" in line]
            self.assertRegex(
                full[0],
                rf"^tapstat: {re.escape(str(self.out))} is 98 % full \(\d+ kB free; at the present "
                r"rate \d+ seconds?\)\. Records go to the spool; see on_full\.$",
            )
            wait_until(lambda: rows(self.spool), timeout=60, pause=0.05)
            status, _, body = probe.request("GET", "/readyz")
            self.assertEqual(status, 503)
            self.assertRegex(json.loads(body)["reasons"][0], r"/out is \d+ % full \(")
            metrics = lambda: probe.request("GET", "/metrics")[2].decode()
            wait_until(lambda: metric(metrics(), "output_spool_bytes") > 0, pause=0.05)
            text = metrics()
            self.assertEqual(metric(text, "output_size_bytes"), ROOM)
            self.assertLess(metric(text, "output_free_bytes"), ROOM // 40)
            self.assertEqual(metric(text, "output_nearly_full"), 1)
            self.assertEqual(metric(text, "output_shortages_total"), 1)
            self.assertGreater(metric(text, "rows_spooled_total"), 0)
            output = probe.get_json("/api/v1/status")["output"]
            self.assertTrue(output["nearly_full"])
            self.assertGreater(output["rows_spooled"], 0)
            self.assertIn("rows spooled", probe.command("status").out)

            ballast.unlink()
            wait_until(lambda: len(directories(self.out)) > 1, timeout=60, pause=0.05)
            wait_until(lambda: probe.request("GET", "/readyz")[0] == 200, pause=0.05)
            again = [line for _, line in probe.errors if " has room again (" in line]
            self.assertEqual(len(again), 1, probe.errors)
            status, lines = probe.stop()
            said = [line for _, line in probe.errors if " full (" in line]
        self.assertEqual(status, 0, probe.errors)
        self.assertEqual(len(said), 1, said)
        summary = support.summary(self.out)
        counters = summary["counters"]
        self.assertTrue(summary["difference_is_zero"])
        self.assertEqual(
            len(rows(self.out)) + len(rows(self.spool)), counters["rows_complete_written"]
        )
        spooled = sum(len(rows(self.spool, f"log_tcp_{log}")) for log in ("complete", "nocomplete"))
        self.assertEqual(spooled, counters["rows_spooled"])
        self.assertEqual(counters["rows_complete_dropped_write_error"], 0)
        for base in (self.out, self.spool):
            self.assert_lines_are_whole(base)
        named = [self.directory / name for name in summary["output"]["spooled"]]
        self.assertEqual(named, directories(self.spool))
        self.assertRegex(
            "\n".join(lines), r"(?m)^spool   \S+/spool/\S+\.out.* \([\d,]+ rows, [\d.]+ k?B\)$"
        )

    def test_a_disk_that_fills_at_once_loses_nothing(self):
        """Faster than the watch looks: what the base does not take goes to the spool."""
        self.leave(FEW)
        for flags, read in (((), rows), (("--gzip",), self.unpacked)):
            with self.subTest(flags):
                document, said = self.finish(self.start(SPOOL, "--loop", "3", *flags), 0)
                self.assertEqual(
                    document["counters"]["rows_complete_written"], 3 * CONNECTIONS, said
                )
                found = read(self.out) + read(self.spool)
                self.assertEqual(len(found), 3 * CONNECTIONS)
                self.assertLess(len(read(self.out)), 3 * CONNECTIONS)
                for base in (self.out, self.spool):
                    self.assert_lines_are_whole(base)
                    subprocess.run(["rm", "-r", *directories(base)], check=True)

    def unpacked(self, base):
        found = []
        for directory in directories(base):
            path = directory / "log_tcp_complete.gz"
            lines = gzip.decompress(path.read_bytes()).decode().splitlines()
            found += [line for line in lines if not line.startswith("#")]
        return found

    def test_nothing_is_overwritten_by_the_next_run(self):
        """Which begins on a disk without a free byte."""
        ballast = self.leave(FEW)
        self.finish(self.start(SPOOL), 0)
        with open(ballast, "ab", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(b"x" * 4096)
        self.finish(self.start(SPOOL), 0)
        self.assertEqual(len(rows(self.out)) + len(rows(self.spool)), 2 * CONNECTIONS)

    def test_beyond_its_bound_rows_are_lost_and_counted(self):
        self.leave(FEW)
        process = self.start(SPOOL + 'spool_max = "64KiB"\n', "--speed", "x2")
        document, said = self.finish(process, 5)
        counters = document["counters"]
        self.assertGreater(counters["rows_complete_dropped_write_error"], 0)
        self.assertEqual(
            len(rows(self.out)) + len(rows(self.spool)), counters["rows_complete_written"]
        )
        self.assertGreater(counters["bytes_spooled"], 60 << 10)
        # A batch more than the bound at most.
        self.assertLess(counters["bytes_spooled"], (64 << 10) + (600 << 10))
        self.assertEqual(
            len(re.findall(r'(?m)^tapstat: the spool "\S*spool" has no more room \(', said)),
            1,
            said,
        )


class Live(SmallDisk):
    def test_a_run_without_rights_goes_on_in_the_spool(self):
        """After privileges are gone and system calls are filtered."""
        self.leave(FEW // 2)
        self.directory.chmod(0o755)
        run = ("run", "-i", "lo", "-s", "out", "--user", "nobody", "--no-serve")
        process = subprocess.Popen(
            [support.BINARY, *run, "--duration", "5s", *self.configure(SPOOL)],
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.kill)
        with socket.create_server(("127.0.0.1", 0)) as server:
            while process.poll() is None:
                with socket.create_connection(server.getsockname()) as client:
                    server.accept()[0].close()
                    client.recv(1)
                time.sleep(0.02)
        document, said = self.finish(process, 0)
        self.assertIn(" Records go to the spool; see on_full.\n", said)
        found = rows(self.spool)
        self.assertGreater(len(found), 10)
        counters = document["counters"]
        self.assertEqual(len(rows(self.out)) + len(found), counters["rows_complete_written"], said)
        self.assertNotEqual(directories(self.spool)[0].stat().st_uid, os.geteuid())


class Drop(SmallDisk):
    def test_rows_are_written_or_counted(self):
        self.leave(FEW)
        document, said = self.finish(self.start(DROP, "--speed", "x2"), 5)
        counters = document["counters"]
        self.assertGreater(counters["rows_complete_dropped_write_error"], 0)
        self.assertEqual(
            len(rows(self.out)) + counters["rows_complete_dropped_write_error"], CONNECTIONS
        )
        self.assertEqual(rows(self.spool), [])
        self.assert_lines_are_whole(self.out)
        self.assertEqual(
            len(re.findall(r"Rows that find no room are lost and counted; see on_full\.\n", said)),
            1,
            said,
        )


class Block(SmallDisk):
    def test_a_replay_waits_for_room(self):
        ballast = self.leave(FEW)
        process = self.start(BLOCK)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(3)
        self.assertLess(len(rows(self.out)), CONNECTIONS)
        ballast.unlink()
        document, said = self.finish(process, 0)
        self.assertIn(" The replay waits when there is no room; see on_full.\n", said)
        self.assertEqual(document["counters"]["rows_complete_written"], CONNECTIONS)
        found = rows(self.out)
        self.assertEqual(len(found), CONNECTIONS)
        self.assertEqual(len(set(found)), CONNECTIONS)
        self.assert_lines_are_whole(self.out)

    def test_a_stop_ends_the_waiting(self):
        self.leave(FEW)
        process = self.start(BLOCK, "--loop", "0")
        time.sleep(2)
        self.assertIsNone(process.poll())
        process.send_signal(signal.SIGINT)
        document, _ = self.finish(process, 5)
        counters = document["counters"]
        self.assertGreater(counters["rows_complete_dropped_write_error"], 0)
        self.assertEqual(len(rows(self.out)), counters["rows_complete_written"])


class Refusals(support.TestCase):
    def said(self, status, text, *command):
        (self.directory / "tapstat.toml").write_text(text)
        result = self.run_tapstat(*command)
        self.assert_status(result, status)
        return result.err

    def test_live_ports_do_not_wait(self):
        ports = BLOCK + "[ports.lo]\nkernel = true\n"
        for command in (
            ("check", "tapstat.toml"),
            ("run", "-i", "lo", "-s", "out", "-c", "tapstat.toml"),
        ):
            with self.subTest(command[0]):
                self.assertIn('on_full = "block": live ports', self.said(2, ports, *command))
        self.said(0, BLOCK, "check", "tapstat.toml")

    def test_a_spool_must_be_named_and_elsewhere(self):
        write_pcap(self.directory / "in.pcap", connections(1))
        replay = ("replay", "in.pcap", "-s", "out", "-c", "tapstat.toml")
        unnamed = '[output.tstat]\non_full = "spool"\n'
        self.assertIn("name a directory on another file system", self.said(2, unnamed, *replay))
        self.assertIn("is on the file system of the output", self.said(6, SPOOL, *replay))
        self.assertFalse((self.directory / "spool").exists())


if __name__ == "__main__":
    support.main()
