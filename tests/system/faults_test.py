"""What a run does when it is interrupted, the disk is full, or nobody reads its output."""
import json
import os
import signal
import subprocess
import time

import support
from support import SYN, connections, ethernet, ipv4, tcp, write_pcap


class Interrupts(support.TestCase):
    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "many.pcap", connections(500))

    def start(self, *flags):
        """Starts an endless replay and waits until it writes."""
        process = subprocess.Popen(
            [str(support.BINARY), "replay", "many.pcap", "-s", "out", "--loop", "0", *flags],
            cwd=self.directory,
            env={**os.environ, "TZ": "UTC"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.kill)
        deadline = time.monotonic() + 20
        while not support.directories(self.directory / "out") and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        return process

    def stop(self, process, number):
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        return process.returncode, out.decode(), err.decode()

    def test_each_stopping_signal_flushes_everything(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                status, out, _ = self.stop(
                    self.start("--json", "--workers", "2", "--mode", "corrected"), number
                )
                self.assertEqual(status, 0)
                document = json.loads(out)
                self.assertTrue(document["interrupted"])
                self.assertTrue(document["difference_is_zero"])
                written = document["output"]["rows"]
                for log, count in written.items():
                    if count == 0:
                        continue
                    lines = (
                        (support.directories(self.directory / "out")[-1] / log)
                        .read_text()
                        .splitlines()
                    )
                    self.assertEqual(len(lines) - 1, count)
                self.assertEqual(
                    written["log_tcp_complete"] + written["log_tcp_nocomplete"],
                    document["counters"]["flows_created"],
                )
                subprocess.run(["rm", "-r", self.directory / "out"], check=True)

    def test_a_second_interrupt_stops_at_once(self):
        """Closing many open flows takes a moment, in which the second interrupt comes."""
        syns = [
            (
                i,
                ethernet(
                    ipv4(
                        f"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}",
                        "198.51.100.20",
                        6,
                        tcp(40000, 80, 1, 0, SYN),
                    )
                ),
            )
            for i in range(150_000)
        ]
        write_pcap(self.directory / "many.pcap", syns)
        for _ in range(10):
            process = self.start("--speed", "x0.2", "-q")
            process.send_signal(signal.SIGINT)
            time.sleep(0.012)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
            self.assertIn(process.returncode, (0, 1))  # 0 when the first one was done before
            if process.returncode == 1:
                self.assertRegex(
                    err.decode(),
                    r"^tapstat: stopped at once: [\d,]+ open or recorded flows were not written",
                )
                return
        self.fail("never stopped at once")

    def test_status_block_on_request(self):
        process = self.start()
        process.send_signal(signal.SIGUSR1)
        time.sleep(0.3)
        status, _, err = self.stop(process, signal.SIGINT)
        self.assertEqual(status, 0)
        self.assertRegex(
            err, r"status  [\d,]+ pkt .* flows [\d,]+ open  lost 0\n  rx_packets +[\d,]+\n"
        )

    def test_nobody_reads_standard_output(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run(
            [str(support.BINARY), "replay", "many.pcap", "-s", "out"],
            cwd=self.directory,
            stdout=write_end,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )
        os.close(write_end)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(support.rows(self.directory / "out")), 500)


class FullDisk(support.TestCase):
    """A small file system of its own; needs root."""

    ROOM = 256 * 1024

    def setUp(self):
        super().setUp()
        self.disk = self.mount("disk", self.ROOM)
        write_pcap(self.directory / "many.pcap", connections(2000))

    def test_rows_are_lost_with_status_5_and_no_torn_line(self):
        result = self.run_tapstat("replay", "many.pcap", "-s", self.disk / "out", "--json")
        self.assert_status(result, 5)
        self.assertIn("No space left on device", result.err)
        document = json.loads(result.out)
        self.assertTrue(document["difference_is_zero"])
        counters = document["counters"]
        self.assertGreater(counters["rows_complete_dropped_write_error"], 0)
        log = support.directories(self.disk / "out")[0] / "log_tcp_complete"
        text = log.read_text()
        self.assertTrue(text.endswith("\n"))
        header, *lines = text.splitlines()
        self.assertEqual(len(lines), counters["rows_complete_written"])
        self.assertEqual({len(line.split(" ")) for line in lines}, {len(header.split(" "))})


if __name__ == "__main__":
    support.main()
