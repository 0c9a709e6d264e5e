"""The rows of corrected mode, names included, do not depend on the number of workers.

A client's DNS answers and the flows that they name go to different workers, so every row with a
name is a meeting of two. The captures of real programs in the tree are made harder to keep apart:
several clients do what they show one after the other, all at once. Captures of the reference
material follow when they are there.
"""
import heapq
import struct

import support

WORKERS = (1, 2, 3)
CLIENTS = 6
CLIENT_GAP_US = 37_123  # between the clients' starts
CAPTURE_GAP_US = 250_000  # between a client's captures
CLIENT_V4 = bytes([192, 0, 2, 10])
CLIENT_V6 = bytes.fromhex("20010db8000100000000000000000010")
UNANSWERED = "syn_only"  # for log_tcp_nocomplete
LARGEST_CAPTURES = 10
RUN_SECONDS_MAX = 300  # of one replay; a sanitizer on a busy machine is slow
# A worker that gets no processor for long is not waited for, which is counted; such a run says
# nothing about names and is made again. A machine that is too busy for it skips.
TRIES = 3


def packets_of(path):
    """(time_us, frame) of a classic little-endian capture in microseconds, uncut Ethernet."""
    data = path.read_bytes()
    assert struct.unpack_from("<I", data)[0] == 0xA1B2C3D4, path
    at = 24
    while at < len(data):
        seconds, micros, size, _ = struct.unpack_from("<IIII", data, at)
        yield seconds * 1_000_000 + micros, data[at + 16 : at + 16 + size]
        at += 16 + size


def of_client(frame, number):
    """The frame with the client's address moved by `number`; checksums are not looked at."""
    head, payload = frame[:42], frame[42:]
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x86DD:
        head, payload = frame[:54], frame[54:]
    for address in (CLIENT_V4, CLIENT_V6):
        head = head.replace(address, address[:-1] + bytes([address[-1] + number]))
    return head + payload


def one_client(captures, number):
    """What one client does: the captures one after the other."""
    start = number * CLIENT_GAP_US
    for packets in captures:
        first = packets[0][0]
        for time, frame in packets:
            yield start + time - first, of_client(frame, number)
        start += packets[-1][0] - first + CAPTURE_GAP_US


def merged(captures, clients):
    streams = [one_client(captures, number) for number in range(clients)]
    return heapq.merge(*streams, key=lambda packet: packet[0])


def cells(base, log, *names):
    """The named cells of all rows of a log whose values are separated by blanks."""
    lines = support.log_lines(base, log)
    header = [cell.rsplit(":", 1)[0].lstrip("#").split("#")[-1] for cell in lines[0].split(" ")]
    columns = [header.index(name) for name in names]
    for line in lines:
        if not line.startswith("#"):
            row = line.split(" ")
            yield tuple(row[column] for column in columns)


def names_by_pair(base):
    """The names that each client has used for each server address."""
    pairs = {}
    for client, server, name in cells(base, "log_tcp_complete", "c_ip", "s_ip", "fqdn"):
        if name != "-":
            pairs.setdefault((client, server), set()).add(name)
    return pairs


class AnyNumberOfWorkers(support.TestCase):
    def replay(self, capture, workers):
        """The output of a replay in which nobody had to be named early."""
        for attempt in range(TRIES):
            base = self.directory / f"{capture.name}.{workers}.{attempt}"
            result = self.run_tapstat(
                *("replay", capture, "-s", base, "-q", "--mode", "corrected"),
                *("--schema", "tstat-3.3", "-g", "all", "--logs", "all", "--workers", workers),
                timeout=RUN_SECONDS_MAX,
            )
            self.assert_status(result, 0)
            self.assert_ledger_closes(base)
            if support.summary(base)["counters"]["names_joined_early"] == 0:
                return base
        return self.skipTest("workers stood still in every try: the machine is too busy")

    def sorted_logs(self, base):
        names = {path.name for path in base.glob("*/log_*")}
        return {name: sorted(support.log_lines(base, name)) for name in names}

    def assert_workers_agree(self, capture):
        """Returns the output of one worker."""
        bases = [self.replay(capture, workers) for workers in WORKERS]
        one = self.sorted_logs(bases[0])
        for workers, base in zip(WORKERS[1:], bases[1:]):
            several = self.sorted_logs(base)
            self.assertEqual(one.keys(), several.keys())
            for log, lines in one.items():
                different = [pair for pair in zip(lines, several[log]) if pair[0] != pair[1]]
                self.assertEqual(different[:3], [], f"{log}, {workers} workers, {capture.name}")
                self.assertEqual(len(lines), len(several[log]), log)
        return bases[0]

    def test_captures_of_real_programs_all_at_once(self):
        golden = support.SOURCE_ROOT / "tests/golden"
        folders = sorted(golden.glob("real_*")) + [golden / UNANSWERED]
        captures = [list(packets_of(folder / "input.pcap")) for folder in folders]
        path = self.directory / "merged.pcap"
        support.write_pcap(path, merged(captures, CLIENTS))
        base = self.assert_workers_agree(path)
        for log, lines in self.sorted_logs(base).items():
            rows = [line for line in lines if not line.startswith("#")]
            self.assertTrue(rows, f"{log} has nothing to compare")
        pairs = names_by_pair(base)
        self.assertEqual(len({client for client, _ in pairs if "." in client}), CLIENTS)
        self.assertGreaterEqual(max(map(len, pairs.values())), 2, "several names for one address")

    def test_reference_captures(self):
        shared = support.shared_directory()
        if shared is None:
            self.skipTest("no reference material; set TAPSTAT_SHARED to its directory")
        captures = [path for path in (shared / "corpus/valid").iterdir() if "cap" in path.suffix]
        largest = sorted(captures, key=lambda path: -path.stat().st_size)[:LARGEST_CAPTURES]
        self.assertTrue(largest)
        for path in largest:
            with self.subTest(path.name):
                self.assert_workers_agree(path)


if __name__ == "__main__":
    support.main()
