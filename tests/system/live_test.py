"""A live run and the replay of what tcpdump took from the same interface give the same rows: every
column, and every time to the microsecond."""
import shutil
import sys

from live_lab import LiveLab
from sample_lab import PORT, REAL_TIME, SIZES, network, sample_lab_or_skip
from support import TestCase, is_plain, log_lines, main

# By count: the wire loses these frames behind the tap, so both see them sent twice.
LOST_FRAMES = (30, 90, 91, 150, 400)
MODES = ("tstat", "corrected")
BEGIN = ("c_ip", "c_port", "s_ip", "s_port", "first")
SHORT_CONNECTIONS = """
import socket, sys
for number in range(300):
    with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as connection:
        connection.sendall(b"GET /Sample/512.txt HTTP/1.0\\r\\n\\r\\n")
        while connection.recv(65536):
            pass
"""


def rows_by_begin(lines):
    """{(client, port, server, port, first packet): {column: text}} of a log. Ports come again."""
    names, found = [], {}
    for line in lines:
        if line.startswith("#"):
            names = [word.rpartition("#")[2].rpartition(":")[0] for word in line.split(" ")]
            continue
        row = dict(zip(names, line.split(" ")))
        found[tuple(row[name] for name in BEGIN)] = row
    return found


class Live(TestCase):
    def fetch_some(self, lab):
        for family in ("ipv4", "ipv6"):
            for size in SIZES[::3]:
                fetch = lab.fetch(f"/Sample/{size}.txt", family=family)
                self.assertEqual(fetch.statuses, [200])
        lab.fetch(*(f"/Sample/{size}.txt" for size in SIZES))

    def replayed(self, lab, mode, *flags):
        base = self.directory / f"replayed_{mode}"
        done = self.run_tapstat(
            "replay", lab.capture, "-s", base, "--mode", mode, "--no-progress", *flags
        )
        self.assert_status(done, 0)
        return base

    def check(self, lab, mode):
        """Returns the rows of complete connections, and of the others."""
        self.assertEqual(lab.status, 0, lab.said)
        self.assertIn("\n0 packets dropped by kernel", lab.tcpdump_said)
        self.assertTrue(lab.summary["difference_is_zero"], lab.said)
        counters = lab.summary["counters"]
        lost = {name: n for name, n in counters.items() if n and name.startswith("dropped_nic_")}
        self.assertEqual(lost, {})
        self.assertEqual(counters["port_packets"], counters["rx_packets"])
        replayed = self.replayed(lab, mode)
        logs = []
        for log in ("log_tcp_complete", "log_tcp_nocomplete"):
            live = rows_by_begin(log_lines(lab.base, log))
            again = rows_by_begin(log_lines(replayed, log))
            self.assertEqual(live.keys(), again.keys(), log)
            for begin, row in live.items():
                self.assertEqual(row, again[begin], begin)
            logs.append(live)
        return logs

    def test_rows_of_a_run_are_those_of_the_capture(self):
        for mode in MODES:
            for workers in ("1", "2"):
                with self.subTest(mode=mode, workers=workers):
                    self.setUp()
                    with LiveLab(self.directory, "--mode", mode, "--workers", workers) as lab:
                        self.fetch_some(lab)
                    complete, _ = self.check(lab, mode)
                    self.assertEqual(len(complete), len(lab.fetches))

    def test_rows_are_equal_when_the_wire_loses_frames(self):
        faults = [f"drop:server:{number}" for number in LOST_FRAMES]
        with LiveLab(self.directory, "--mode", "corrected", faults=faults) as lab:
            self.fetch_some(lab)
        self.check(lab, "corrected")

    def test_rows_are_equal_for_bulk_and_for_many_short_connections(self):
        if not shutil.which("iperf3"):
            self.skipTest("iperf3 is not installed")
        with LiveLab(self.directory, "--mode", "corrected", "--workers", "2") as lab:
            self.fetch_some(lab)
            pace = [] if is_plain() else ["-b", "10M"]  # a slow probe misses packets, and says so
            server = lab.net.start("server", ["iperf3", "-s"], [("tcp", 5201)], env=REAL_TIME)
            for direction in ([], ["-R"]):
                lab.net.run(
                    "client",
                    ["iperf3", "-c", network.SERVER, "-n", "4M", "-P", "3", *pace, *direction],
                    timeout=60,
                    env=REAL_TIME,
                )
            lab.net.stop(server)
            command = [sys.executable, "-c", SHORT_CONNECTIONS, network.SERVER, str(PORT)]
            lab.net.run("client", command, timeout=60, env=REAL_TIME)
        rows, others = self.check(lab, "corrected")
        self.assertGreaterEqual(len(rows), len(lab.fetches) + 2 * 4 + 300, others)
        self.assertGreater(max(int(row["s_bytes_uniq"]) for row in rows.values()), 1_000_000)


if __name__ == "__main__":
    sample_lab_or_skip()
    main()
