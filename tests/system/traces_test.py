"""Hourly traces of packets: windows and overlap, the same for any number of workers, and what they
say about packets that they lack."""
import json
import os
import resource
import signal
import struct
import subprocess
import time

import support
from support import ACK, PSH, connections, ethernet, ipv4, tcp, write_pcap

HOUR_S = 3600
# In the packets' own time; support.T0_US is what write_pcap adds.
FIRST_HOUR_S = (support.T0_US // 1_000_000 // HOUR_S + 1) * HOUR_S


def at_us(second):
    """Microseconds after T0 of a moment counted from the first full hour."""
    return (FIRST_HOUR_S + second) * 1_000_000 - support.T0_US


def packet_of(second, client_port=40000, payload=b"x" * 200):
    segment = tcp(client_port, 8000, 1000 + second, 1, PSH | ACK, payload)
    return (at_us(second), ethernet(ipv4("192.0.2.10", "198.51.100.20", 6, segment)))


def read_trace(path):
    """[(microseconds, bytes, wire length)] of a capture in the classic format, which must be
    whole."""
    data = path.read_bytes()
    magic, major, minor, _, _, _, link_type = struct.unpack_from("<IHHIIII", data)
    assert magic in (0xA1B2C3D4, 0xA1B23C4D) and (major, minor, link_type) == (2, 4, 1), path
    per_us = 1000 if magic == 0xA1B23C4D else 1
    packets, place = [], 24
    while place < len(data):
        seconds, fraction, captured, wire = struct.unpack_from("<IIII", data, place)
        place += 16 + captured
        assert place <= len(data), f"{path} ends inside a packet"
        packets.append(
            (seconds * 1_000_000 + fraction // per_us, data[place - captured : place], wire)
        )
    return packets


def read_meta(path):
    lines = path.with_name(path.name + ".meta").read_text().splitlines()
    return dict(line.split(" ", 1) for line in lines)


class Traces(support.TestCase):
    def traces(self, root="traces"):
        """All published traces by hour (seconds since the first full hour)."""
        found = {}
        for path in sorted((self.directory / root / "SideStream").rglob("*.tra")):
            found.setdefault(int(read_meta(path)["hour"]) - FIRST_HOUR_S, []).append(path)
        return found

    def replay(self, *arguments, status=0, **options):
        done = self.run_tapstat("replay", "-s", "out", "--no-progress", *arguments, **options)
        self.assert_status(done, status)
        return done

    def assert_accounts(self, root="traces"):
        for paths in self.traces(root).values():
            for path in paths:
                meta = read_meta(path)
                number = lambda key: int(meta[key])
                self.assertEqual(
                    number("matched"),
                    number("sampled_out")
                    + number("written")
                    + number("dropped_ring")
                    + number("dropped_disk"),
                )
                self.assertEqual(number("written"), len(read_trace(path)))
                self.assertEqual(
                    number("captured_bytes"), sum(len(b) for _, b, _ in read_trace(path))
                )

    def test_two_hours_at_a_packet_a_second(self):
        """Begins in the last 100 s of an hour: the next hour's file must not be missed."""
        seconds = range(-80, 2 * HOUR_S + 100)
        write_pcap(self.directory / "in.pcap", [packet_of(s) for s in seconds])
        self.replay("in.pcap", "--trace", "traces")
        traces = self.traces()
        self.assertEqual(sorted(traces), [-HOUR_S, 0, HOUR_S, 2 * HOUR_S])
        for hour, paths in traces.items():
            self.assertEqual(len(paths), 1)
            expected = [s for s in seconds if hour - 50 <= s < hour + HOUR_S + 10]
            got = [us // 1_000_000 - FIRST_HOUR_S for us, _, _ in read_trace(paths[0])]
            self.assertEqual(got, expected)
            when = time.gmtime(FIRST_HOUR_S + hour)
            self.assertEqual(paths[0].name, time.strftime("%Y%m%dT%H:00:00Z_ALL0.tra", when))
            self.assertEqual(
                paths[0].parents[1].relative_to(self.directory / "traces"),
                support.Path(time.strftime("SideStream/%Y/%m/%d", when)),
            )
        for left, right in ((-HOUR_S, 0), (0, HOUR_S), (HOUR_S, 2 * HOUR_S)):
            begin, end = at_us(right - 50) + support.T0_US, at_us(right + 10) + support.T0_US
            shared = [
                [p for p in read_trace(traces[hour][0]) if begin <= p[0] < end]
                for hour in (left, right)
            ]
            self.assertEqual(len(shared[0]), 60)
            self.assertEqual(shared[0], shared[1])
        _, data, wire = read_trace(traces[0][0])[0]
        self.assertEqual((len(data), wire), (128, 14 + 20 + 20 + 200))
        self.assert_accounts()
        self.assert_ledger_closes(self.directory / "out")
        self.assertEqual(
            support.summary(self.directory / "out")["counters"]["trace_written"], len(seconds)
        )

    def test_a_second_run_overwrites_nothing(self):
        write_pcap(self.directory / "in.pcap", [packet_of(s) for s in range(100, 110)])
        self.replay("in.pcap", "--trace", "traces")
        first = self.traces()[0][0]
        before = first.read_bytes()
        self.replay("in.pcap", "--trace", "traces")
        self.assertEqual([p.name[-5:] for p in self.traces()[0]], ["0.tra", "1.tra"])
        self.assertEqual(first.read_bytes(), before)

    def test_the_same_packets_for_any_number_of_workers(self):
        write_pcap(self.directory / "in.pcap", connections(300))
        (self.directory / "t.toml").write_text(
            "[output.trace]\nenabled = true\nfilter = 'tcp port 9999'\nsnaplen = 0\n"
            "sample = 4\nflow_limit = 5\nnsec = true\nnode = 'probe'\nring = '1MiB'\n"
        )
        seen = []
        for workers in (1, 3):
            root = f"out{workers}"
            done = self.run_tapstat(
                "replay", "in.pcap", "-c", "t.toml", "--workers", workers, "-s", root, "--json"
            )
            self.assert_status(done, 0)
            (paths,) = self.traces(root).values()
            seen.append(sorted(read_trace(paths[0])))
            counters = json.loads(done.out)["counters"]
            self.assertEqual(counters["trace_matched"], 300 * 8)
            self.assertEqual(counters["trace_written"], len(seen[-1]))
            self.assertEqual(paths[0].parent.name, "probe")
            self.assert_accounts(root)
        self.assertEqual(seen[0], seen[1])
        ports = [struct.unpack_from("!HH", data, 34) for _, data, _ in seen[0]]
        clients = {max(pair, key=lambda p: p != 9999 and p) for pair in ports}
        self.assertTrue(30 < len(clients) < 130, len(clients))
        self.assertEqual(len(ports), 5 * len(clients))

    def test_a_cut_capture_keeps_its_lengths_on_the_wire(self):
        packets = [packet_of(s) for s in range(100, 110)]
        write_pcap(self.directory / "cut.pcap", packets, snap_length=80)
        self.replay("cut.pcap", "--trace", "traces", "--trace-filter", "host 192.0.2.10")
        for _, data, wire in read_trace(self.traces()[0][0]):
            self.assertEqual((len(data), wire), (80, 254))

    def test_a_full_disk_costs_trace_packets_and_nothing_else(self):
        packets = [packet_of(100 + i // 100, payload=b"x" * 1400) for i in range(6000)]
        write_pcap(self.directory / "in.pcap", packets)
        (self.directory / "t.toml").write_text("[output.trace]\nenabled = true\nsnaplen = 0\n")
        limit = 3 << 20

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        done = subprocess.run(
            [support.BINARY, "replay", "in.pcap", "-c", "t.toml", "-s", "out", "--json"],
            cwd=self.directory,
            preexec_fn=small_files,
            capture_output=True,
            timeout=support.TIMEOUT_S,
            check=False,
        )
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn(b"File too large", done.stderr)
        document = json.loads(done.stdout)
        counters = document["counters"]
        self.assertTrue(document["difference_is_zero"])
        self.assertEqual(counters["analysed_packets"], 6000)
        self.assertEqual(counters["trace_matched"], 6000)
        self.assertGreater(counters["trace_dropped_disk"], 0)
        self.assertEqual(counters["trace_written"] + counters["trace_dropped_disk"], 6000)
        self.assert_accounts("out")
        self.assertEqual(len(read_trace(self.traces("out")[0][0])), counters["trace_written"])

    def test_kill_leaves_whole_traces_and_the_next_run_finds_the_rest(self):
        write_pcap(self.directory / "in.pcap", [packet_of(30 * i) for i in range(600)])
        for delay in (0.25, 0.4, 0.6):
            process = subprocess.Popen(
                [support.BINARY, "replay", "in.pcap", "-s", "out", "--loop", "0", "-q"]
                + ["--speed", "x20000", "--trace", "traces"],
                cwd=self.directory,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            time.sleep(delay)
            process.kill()
            process.wait()
        for paths in self.traces().values():
            for path in paths:
                read_trace(path)
        before = {p: p.read_bytes() for paths in self.traces().values() for p in paths}
        self.replay("in.pcap", "--trace", "traces")
        parts = list((self.directory / "traces/.spool").glob("*.part"))
        self.assertEqual(parts, [])
        for path, data in before.items():
            self.assertEqual(path.read_bytes(), data)
        for paths in self.traces().values():
            for path in paths:
                self.assertEqual(int(read_meta(path)["written"]), len(read_trace(path)))


class Settings(support.TestCase):
    def check(self, text, status, *expected):
        (self.directory / "t.toml").write_text(text)
        done = self.run_tapstat("check", "t.toml")
        self.assert_status(done, status)
        for part in expected:
            self.assertIn(part, done.err)

    def test_check_complains_in_libpcaps_words(self):
        self.check("[output.trace]\nfilter = 'tcp port 8000 or host 192.0.2.1'\n", 0)
        self.check("[output.trace]\nfilter = 'tcp prot 80'\n", 2, "tcp prot 80", "syntax error")
        self.check("[output.trace]\npre = '30m'\npost = '30m'\n", 2, "less than an hour")
        self.check("[output.trace]\nnode = 'a/b'\n", 2, "a/b")
        self.check("[output.trace]\nsnaplan = 1\n", 2, "snaplen")

    def test_replay_refuses_what_cannot_be(self):
        write_pcap(self.directory / "in.pcap", connections(1))
        (self.directory / "net").write_text("192.0.2.0/24\n")
        for flags, part in (
            (("--trace-filter", "tcp"), "--trace-filter needs --trace"),
            (("--trace", "t", "--trace-filter", "port"), "syntax error"),
            (("--trace", "t", "-Y", "net"), "what is to be anonymised"),
            (("--trace", ""), "empty file name"),
        ):
            done = self.run_tapstat("replay", "in.pcap", *flags)
            self.assert_status(done, 2)
            self.assertIn(part, done.err)
        write_pcap(self.directory / "raw.pcap", [(0, connections(1)[0][1][14:])], link_type=101)
        done = self.run_tapstat(
            "replay", "raw.pcap", "--trace", "t", "--trace-filter", "ether host 1:2:3:4:5:6"
        )
        self.assert_status(done, 2)
        self.assertIn("raw IP", done.err)
        self.assertFalse((self.directory / "t").exists())


if __name__ == "__main__":
    support.main()
