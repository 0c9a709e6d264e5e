"""tapstat split: conservation, overlaps, names, limits and refusals, checked with a reader of
captures of its own."""
import os
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import support
from support import (
    ACK,
    FIN,
    PSH,
    SYN,
    T0_US,
    connection,
    connections,
    ethernet,
    ipv4,
    tcp,
    write_pcap,
)

COLUMNS = (
    "file first_us last_us local lport rem rport proto pkts_out bytes_out pkts_in bytes_in "
    "syn fin rst flags sources"
).split()


def read_pcap(path):
    """[(time in ns, length on the wire, bytes)] of a capture file, whatever its byte order."""
    data = Path(path).read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    magic = struct.unpack(order + "I", data[:4])[0]
    unit = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}[magic]
    at, packets = 24, []
    while at + 16 <= len(data):
        second, fraction, captured, wire = struct.unpack(order + "IIII", data[at : at + 16])
        if at + 16 + captured > len(data):
            break  # the last record is cut
        packets.append(
            (second * 10**9 + fraction * unit, wire, data[at + 16 : at + 16 + captured])
        )
        at += 16 + captured
    return packets


def merged(*captures):
    """What the pieces must hold together: of what several captures have in common, the most that
    one has."""
    together = Counter()
    for capture in captures:
        together |= Counter(capture)
    return sorted(together.elements())


class Split(support.TestCase):
    def split(self, *arguments, status=0, **options):
        result = self.run_tapstat("split", *arguments, "-o", "out", **options)
        self.assert_status(result, status)
        return result

    def pieces(self):
        return sorted((self.directory / "out").rglob("*.pcap"))

    def all_packets(self):
        return sorted(packet for piece in self.pieces() for packet in read_pcap(piece))

    def index(self):
        lines = (self.directory / "out/index.tsv").read_text().splitlines()
        self.assertEqual(lines[0].split("\t"), COLUMNS)
        rows = [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines[1:]]
        times = [int(row["first_us"]) for row in rows]
        self.assertEqual(times, sorted(times))
        return rows

    def assert_index_fits(self):
        """Each row counts the packets of its piece; every piece is listed; nothing is left over."""
        rows = self.index()
        by_file = Counter()
        for row in rows:
            by_file[row["file"]] += int(row["pkts_out"]) + int(row["pkts_in"])
        names = [str(p.relative_to(self.directory / "out")) for p in self.pieces()]
        self.assertEqual(set(by_file), set(names) - {"other.pcap"})
        for name, packets in by_file.items():
            self.assertEqual(packets, len(read_pcap(self.directory / "out" / name)), name)
        self.assertEqual(list((self.directory / "out").rglob("*.part")), [])
        return rows

    def summary(self, result):
        """The numbers behind the words of the summary."""
        numbers = {}
        for line in result.err.splitlines():
            words = line.removeprefix("=").removeprefix("+").split()
            if len(words) > 1 and words[1].replace(",", "").isdigit():
                numbers[words[0]] = int(words[1].replace(",", ""))
        self.assertEqual(numbers["difference"], 0)
        self.assertEqual(
            numbers["read"],
            sum(numbers[w] for w in ("written", "duplicates", "filtered", "skipped")),
        )
        return numbers

    # ---- what is written ----

    def test_one_piece_for_each_connection(self):
        write_pcap(self.directory / "a.pcap", connections(50))
        result = self.split("a.pcap")
        rows = self.assert_index_fits()
        self.assertEqual(len(rows), 50)
        self.assertEqual(self.all_packets(), sorted(read_pcap(self.directory / "a.pcap")))
        self.assertEqual(self.summary(result)["written"], 50 * 8)
        first = rows[0]
        self.assertEqual(
            first["file"],
            "conn/2017/07/14/02/20170714T024000.000000Z_198.51.100.20_9999_192.0.2.1_1024.pcap",
        )
        wanted = ("3", "1000", "5", "100", "2", "2", "0", "-", "a.pcap")
        self.assertEqual(tuple(first[c] for c in COLUMNS[8:]), wanted)

    def test_internal_networks_say_who_is_local(self):
        write_pcap(self.directory / "a.pcap", connection())
        (self.directory / "nets").write_text("192.0.2.0/24\n")
        self.split("a.pcap", "-N", "nets")
        (row,) = self.assert_index_fits()
        self.assertEqual(
            (row["local"], row["lport"], row["rem"]), ("192.0.2.10", "40000", "198.51.100.20")
        )
        self.assertEqual((row["bytes_out"], row["bytes_in"]), ("100", "1000"))

    def test_shared_pieces(self):
        packets = connections(40)
        for mode, names in (
            ("host", {"host/198.51.100.20.pcap"}),
            ("pair", {f"pair/192.0.2.{1 + i}_198.51.100.20.pcap" for i in range(40)}),
            ("port", {"port/9999.pcap"}),
        ):
            with self.subTest(mode):
                write_pcap(self.directory / "a.pcap", packets)
                self.split("a.pcap", "-m", mode, "--force")
                self.assertEqual({row["file"] for row in self.assert_index_fits()}, names)
                self.assertEqual(self.all_packets(), sorted(read_pcap(self.directory / "a.pcap")))

    def test_buckets_keep_connections_whole(self):
        write_pcap(self.directory / "a.pcap", connections(200))
        self.split("a.pcap", "--max-files", "7")
        rows = self.assert_index_fits()
        self.assertEqual(len(self.pieces()), 7)
        self.assertEqual(len(rows), 200)
        self.assertEqual(self.all_packets(), sorted(read_pcap(self.directory / "a.pcap")))

    def test_ipv6_names(self):
        client, server = bytes.fromhex("20010db8" + "00" * 11 + "01"), b"\xfe\x80" + bytes(14)
        segment = tcp(40000, 80, 1, 0, SYN)
        header = struct.pack("!IHBB", 6 << 28, len(segment), 6, 64) + client + server
        write_pcap(self.directory / "a.pcap", [(5, ethernet(header + segment, 0x86DD))])
        self.split("a.pcap")
        (row,) = self.assert_index_fits()
        self.assertEqual(
            Path(row["file"]).name, "20170714T024000.000005Z_fe80--_80_2001-db8--1_40000.pcap"
        )
        self.assertEqual((row["local"], row["rem"], row["flags"]), ("fe80::", "2001:db8::1", "T"))

    def test_a_new_syn_after_the_close_begins_a_new_piece(self):
        first = connection()
        again = [
            (0, ethernet(ipv4("192.0.2.10", "198.51.100.20", 6, tcp(40000, 9999, 77000, 0, SYN))))
        ]
        write_pcap(self.directory / "a.pcap", first + [(first[-1][0] + 10, again[0][1])])
        self.split("a.pcap")
        rows = self.assert_index_fits()
        self.assertEqual([row["syn"] for row in rows], ["2", "1"])

    def test_the_same_microsecond_twice(self):
        ends = ("192.0.2.10", "198.51.100.20")
        rst = ethernet(ipv4(*ends, 6, tcp(40000, 9999, 6, 0, 0x04)))
        first = ethernet(ipv4(*ends, 6, tcp(40000, 9999, 5, 0, SYN)))
        second = ethernet(ipv4(*ends, 6, tcp(40000, 9999, 9, 0, SYN)))
        write_pcap(self.directory / "a.pcap", [(0, first), (0, rst), (0, second)])
        self.split("a.pcap")
        names = [Path(row["file"]).name for row in self.assert_index_fits()]
        stem = "20170714T024000.000000Z_198.51.100.20_9999_192.0.2.10_40000"
        self.assertEqual(names, [stem + ".pcap", stem + ".1.pcap"])

    def fragment(self, offset, more, payload, ident=77):
        packet = bytearray(ipv4("192.0.2.10", "198.51.100.20", 6, payload, ident=ident))
        packet[6:8] = struct.pack("!H", offset // 8 | (0x2000 if more else 0))
        return ethernet(bytes(packet))

    def test_fragments_and_icmp_errors_stay_with_their_connection(self):
        opening = connection()[0]
        segment = tcp(40000, 9999, 1001, 5001, ACK, b"x" * 44)
        quoted = ipv4("192.0.2.10", "198.51.100.20", 6, segment)[:28]
        error = ipv4("203.0.113.1", "192.0.2.10", 1, b"\x0b\0\0\0\0\0\0\0" + quoted)
        echo = ipv4("203.0.113.1", "192.0.2.10", 1, b"\x08\0\0\0\0\0\0\0")
        packets = [
            opening,
            (10, self.fragment(0, True, segment)),
            (11, self.fragment(64, False, b"y" * 16)),
            (12, self.fragment(64, False, b"z" * 16, ident=78)),
            (13, ethernet(error)),
            (14, ethernet(echo)),
        ]
        write_pcap(self.directory / "a.pcap", packets)
        self.assertEqual(self.summary(self.split("a.pcap"))["skipped"], 3)
        result = self.split("a.pcap", "--icmp", "--keep-other", "--force")
        (row,) = self.assert_index_fits()
        self.assertEqual((row["pkts_out"], row["pkts_in"], row["bytes_in"]), ("1", "3", "44"))
        self.assertEqual(self.summary(result)["skipped"], 0)
        self.assertEqual(len(read_pcap(self.directory / "out/other.pcap")), 2)
        self.assertEqual(self.all_packets(), sorted(read_pcap(self.directory / "a.pcap")))

    # ---- what is left out ----

    def test_filter_and_rules(self):
        cut = connection(client="192.0.2.77")[:3]
        write_pcap(self.directory / "a.pcap", sorted(connections(5) + cut))
        numbers = self.summary(self.split("a.pcap", "--filter", "host 192.0.2.2"))
        self.assertEqual((numbers["written"], numbers["filtered"]), (8, 4 * 8 + 3))
        for rule in ("--only-complete", "--min-packets=4"):
            numbers = self.summary(self.split("a.pcap", rule, "--force"))
            self.assertEqual((numbers["written"], numbers["filtered"]), (40, 3))
            self.assertEqual(len(self.assert_index_fits()), 5)
        numbers = self.summary(self.split("a.pcap", "-m", "pair", "--min-packets=4", "--force"))
        self.assertEqual((numbers["written"], numbers["filtered"]), (40, 3))
        self.assertEqual(len(self.assert_index_fits()), 5)

    def test_overlap_is_written_once_and_true_duplicates_stay(self):
        packets = connections(60)
        twice = packets[200]
        packets.insert(201, twice)  # twice on the wire, inside the overlap
        write_pcap(self.directory / "first.tra", packets[:300])
        write_pcap(self.directory / "second.tra", packets[150:])
        first, second = (read_pcap(self.directory / n) for n in ("first.tra", "second.tra"))
        self.assertEqual(merged(first, second), sorted(first[:150] + second))
        result = self.split("second.tra", "first.tra")
        self.assertEqual(self.all_packets(), merged(first, second))
        self.assertEqual(self.summary(result)["duplicates"], 150)
        rows = self.assert_index_fits()
        self.assertIn("first.tra,second.tra", {row["sources"] for row in rows})
        ends = (struct.unpack("!HH", frame[34:38]) for _, _, frame in first[150:])
        self.assertEqual(
            {row["rport"] for row in rows if "D" in row["flags"]},
            {str(port) for pair in ends for port in pair if port != 9999},
        )
        numbers = self.summary(self.split("second.tra", "first.tra", "--keep-dups", "--force"))
        self.assertEqual((numbers["duplicates"], numbers["written"]), (0, len(first + second)))

    def test_clocks_that_differ(self):
        packets = connections(60)
        write_pcap(self.directory / "a.pcap", packets)
        write_pcap(self.directory / "b.pcap", [(at + 3, frame) for at, frame in packets])
        self.assertEqual(self.summary(self.split("a.pcap", "b.pcap"))["duplicates"], 0)
        numbers = self.summary(self.split("a.pcap", "b.pcap", "--dup-window", "3", "--force"))
        # The first of one and the last of the other are outside the other's times.
        self.assertEqual(numbers["duplicates"], len(packets) - 2)

    def test_disorder_is_repaired_or_marked(self):
        packets = connection()
        little = [packets[0], packets[2], packets[1], *packets[3:]]
        write_pcap(self.directory / "a.pcap", little)
        self.split("a.pcap")
        (row,) = self.assert_index_fits()
        (piece,) = self.pieces()
        self.assertEqual(read_pcap(piece), sorted(read_pcap(self.directory / "a.pcap")))
        self.assertEqual(row["flags"], "-")
        late = [*packets[:7], (9_000_000, packets[7][1]), (100, packets[7][1])]
        write_pcap(self.directory / "a.pcap", late + [(20_000_000, packets[7][1])])
        self.split("a.pcap", "--force")
        self.assertIn("O", {flag for row in self.assert_index_fits() for flag in row["flags"]})

    # ---- forms of captures ----

    def test_nanoseconds_and_big_endian_are_kept(self):
        packets = read_pcap(write_pcap(self.directory / "us.pcap", connections(3)))
        out = [struct.pack(">IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 96, 1)]
        wanted = []
        for at, wire, frame in packets:
            at, kept = at + 7, frame[:96]
            out.append(struct.pack(">IIII", at // 10**9, at % 10**9, len(kept), wire) + kept)
            wanted.append((at, wire, kept))
        (self.directory / "ns.pcap").write_bytes(b"".join(out))
        self.split("ns.pcap")
        self.assertEqual(self.all_packets(), sorted(wanted))
        header = self.pieces()[0].read_bytes()[:24]
        self.assertEqual(struct.unpack("<IHHiIII", header), (0xA1B23C4D, 2, 4, 0, 0, 96, 1))

    def test_standard_input(self):
        write_pcap(self.directory / "a.pcap", connections(5))
        done = subprocess.run(
            [str(support.BINARY), "split", "-", "-o", "out"],
            cwd=self.directory,
            input=(self.directory / "a.pcap").read_bytes(),
            capture_output=True,
            timeout=support.TIMEOUT_S,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.all_packets(), sorted(read_pcap(self.directory / "a.pcap")))
        self.assertEqual({row["sources"] for row in self.index()}, {"-"})

    def test_a_damaged_last_record(self):
        whole = write_pcap(self.directory / "whole.pcap", connections(5))
        (self.directory / "cut.pcap").write_bytes(whole.read_bytes()[:-7])
        result = self.split("cut.pcap", status=1)
        self.assertIn('"cut.pcap": file ends inside a record; the 39 packets before', result.err)
        self.assertEqual(self.all_packets(), sorted(read_pcap(whole)[:39]))

    def test_golden_captures_are_conserved(self):
        captures = sorted((support.SOURCE_ROOT / "tests/golden").glob("*/input.pcap"))
        self.assertGreater(len(captures), 20)
        for capture in captures:
            with self.subTest(capture.parent.name):
                result = self.split(capture, "--keep-other", "--icmp", "--force", "--no-progress")
                self.summary(result)
                self.assertEqual(self.all_packets(), sorted(read_pcap(capture)))
                self.assert_index_fits()

    def test_each_piece_alone_gives_the_row_of_the_whole(self):
        # Not those in which the end of a row depends on the clock of other traffic.
        for case in (
            "class_rto",
            "class_fast",
            "close_rst",
            "hole_and_repeat",
            "ipv6",
            "midstream",
        ):
            capture = support.SOURCE_ROOT / "tests/golden" / case / "input.pcap"
            with self.subTest(case):
                self.split(capture, "--force", "-q")
                self.assertEqual(self.rows_of(*self.pieces()), self.rows_of(capture))
        write_pcap(self.directory / "many.pcap", connections(30))
        self.split("many.pcap", "--force", "-q")
        whole = self.rows_of(self.directory / "many.pcap")
        self.assertEqual(len(whole), 30)
        self.assertEqual(self.rows_of(*self.pieces()), whole)

    def rows_of(self, *captures):
        """The rows of all captures, each replayed alone."""
        rows = []
        for capture in captures:
            name = f"replay{len(os.listdir(self.directory))}"
            result = self.run_tapstat(
                "replay", capture, "-s", name, "--mode", "corrected", "--source", "file", "-q"
            )
            self.assert_status(result, 0)
            for log in ("log_tcp_complete", "log_tcp_nocomplete"):
                rows += support.rows(self.directory / name, log)
        return sorted(rows)

    # ---- limits ----

    def test_many_connections_and_few_descriptors(self):
        packets = connections(5000, gap_us=10)
        write_pcap(self.directory / "a.pcap", packets)
        few = (sys.executable, "-c", FEW_DESCRIPTORS)
        result = self.split("a.pcap", "--memory", "16M", prefix=few)
        self.assertEqual(len(self.assert_index_fits()), 5000)
        self.assertEqual(self.all_packets(), sorted(read_pcap(self.directory / "a.pcap")))
        self.assertIn("at most 31 open", result.err.replace("\n", " "))

    def test_a_full_table_ends_what_was_silent_longest(self):
        # 16 MiB are 9,830 connections: the first ones are forgotten and begin again.
        packets = connections(12_000, gap_us=1)
        late = [(60_000_000 + i, packets[i][1]) for i in range(10)]
        write_pcap(self.directory / "a.pcap", packets + late)
        result = self.split("a.pcap", "--memory", "16M", "-m", "pair")
        self.assertRegex(result.err, r"\d connections ended early")
        self.assert_index_fits()
        self.assertEqual(self.all_packets(), sorted(read_pcap(self.directory / "a.pcap")))

    def test_a_signal_leaves_no_index(self):
        write_pcap(self.directory / "a.pcap", connections(12_000, gap_us=10))
        probe = subprocess.Popen(
            [str(support.BINARY), "split", "a.pcap", "-o", "out", "--memory", "16M"],
            cwd=self.directory,
            stderr=subprocess.PIPE,
        )
        while not (self.directory / "out").exists() and probe.poll() is None:
            time.sleep(0.001)
        probe.send_signal(signal.SIGTERM)
        message = probe.communicate(timeout=support.TIMEOUT_S)[1].decode()
        self.assertEqual(probe.returncode, 3, message)
        self.assertIn('interrupted: "out" has no index', message)
        self.assertFalse((self.directory / "out/index.tsv").exists())

    def test_a_full_disk(self):
        write_pcap(self.directory / "a.pcap", connections(20))
        limited = (sys.executable, "-c", SMALL_FILES)
        result = self.split("a.pcap", "-m", "port", prefix=limited, status=3)
        self.assertIn("cannot write", result.err)
        self.assertFalse((self.directory / "out/index.tsv").exists())

    # ---- refusals ----

    def refused(self, *arguments, text, status=2):
        result = self.run_tapstat("split", *arguments)
        self.assert_status(result, status)
        self.assertIn(text, result.err)

    def test_command_line(self):
        write_pcap(self.directory / "a.pcap", connection())
        for arguments, text in (
            (("a.pcap",), "split needs -o DIR."),
            (("-o", "out"), 'split needs a capture file. Run "tapstat split --help".'),
            (("a.pcap", "-o", "out", "-m", "hots"), 'Did you mean "host"?'),
            (("a.pcap", "-o", "out", "--memory", "1M"), "not a size of 16M or more"),
            (("a.pcap", "-o", "out", "--max-files", "0"), "not a number of 1 to 100000"),
            (("a.pcap", "-o", "out", "--dup-window", "2s"), "not a number of microseconds"),
            (("a.pcap", "-o", "out", "--filter", "tcp prot 80"), '--filter "tcp prot 80": '),
            (("a.pcap", "-", "-o", "out"), "cannot stand beside other captures"),
            (("a.pcap", "-o", "out", "-m", "host", "--only-complete"), "--only-complete needs"),
            (("a.pcap", "-o", "out", "--frce"), 'Did you mean "--force"?'),
            (("a.pcap", "-o", "."), "lies in the output directory"),
        ):
            with self.subTest(arguments):
                self.refused(*arguments, text=text)
                self.assertFalse((self.directory / "out").exists())

    def test_inputs_that_are_none(self):
        write_pcap(self.directory / "a.pcap", connection())
        write_pcap(self.directory / "raw.pcap", connection(), link_type=101)
        (self.directory / "notes.txt").write_text("Hello\n")
        self.refused("b.pcap", "-o", "out", text='Did you mean "a.pcap"?', status=3)
        self.refused("a.pcap", "notes.txt", "-o", "out", text="is not a pcap", status=3)
        self.refused("a.pcap", "raw.pcap", "-o", "out", text="another link type", status=3)
        self.assertFalse((self.directory / "out").exists())

    def test_an_earlier_result_is_kept_without_force(self):
        write_pcap(self.directory / "a.pcap", connection())
        write_pcap(self.directory / "b.pcap", connections(2))
        self.split("a.pcap")
        (self.directory / "out/notes").write_text("mine")
        before = self.index()
        result = self.split("b.pcap", status=2)
        self.assertIn("holds the result of an earlier split", result.err)
        self.assertEqual(self.index(), before)
        self.split("b.pcap", "--force")
        self.assertEqual(len(self.assert_index_fits()), 2)
        self.assertTrue((self.directory / "out/notes").exists())
        (self.directory / "out/index.tsv").unlink()
        self.assertIn("unfinished split", self.split("b.pcap", status=2).err)


# Wrappers that set a limit and become the command behind them.
FEW_DESCRIPTORS = (
    "import os, resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64));"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
SMALL_FILES = (
    "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
    "os.execv(sys.argv[1], sys.argv[1:])"
)

if __name__ == "__main__":
    support.main()
