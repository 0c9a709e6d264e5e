"""Captures of every kind and state: what is read, what is refused, in which words and status."""
import gzip
import os
import shutil
import struct
import subprocess

import support
from support import connection, connections, pcap_bytes, write_pcap


class Inputs(support.TestCase):
    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "first.pcap", connection())
        self.wanted = None

    def rows_of(self, *arguments, status=0):
        """Replays into a new directory, checks status and ledger, and returns all rows."""
        out = self.directory / f"out{len(os.listdir(self.directory))}"
        result = self.run_tapstat("replay", *arguments, "-s", out, "-q")
        self.assert_status(result, status)
        if support.directories(out):
            self.assert_ledger_closes(out)
        self.last = result
        return support.rows(out) + support.rows(out, "log_tcp_nocomplete")

    # ---- refused: exit 3, no output ----

    def refused(self, name, text):
        result = self.run_tapstat("replay", name, "-s", "out", "--no-unpack")
        self.assert_status(result, 3)
        self.assertIn(text, result.err)
        self.assertFalse((self.directory / "out").exists())

    def test_a_misspelt_name(self):
        self.refused(
            "frist.pcap",
            'tapstat: cannot read capture "frist.pcap": no such file. Did you mean "first.pcap"?\n',
        )

    def test_not_a_capture(self):
        (self.directory / "notes.txt").write_text("Hello, these are notes.\n")
        self.refused(
            "notes.txt",
            'tapstat: "notes.txt" is not a pcap or pcapng file (first bytes 48 65 6c 6c).\n',
        )

    def test_compressed_and_not_wanted(self):
        (self.directory / "t.pcap").write_bytes(gzip.compress(pcap_bytes(connection())))
        self.refused("t.pcap", '"t.pcap" is gzip data')

    def test_other_things_that_are_no_capture(self):
        (self.directory / "empty.pcap").write_bytes(b"")
        (self.directory / "cut.pcap").write_bytes(pcap_bytes([])[:20])
        (self.directory / "version.pcap").write_bytes(
            struct.pack("<IHHiIII", 0xA1B2C3D4, 9, 9, 0, 0, 65535, 1)
        )
        write_pcap(self.directory / "link.pcap", connection(), link_type=147)
        (self.directory / "folder").mkdir()
        for name in ("empty.pcap", "cut.pcap", "version.pcap", "link.pcap", "folder"):
            with self.subTest(name):
                self.refused(name, f'"{name}"')

    def test_no_permission(self):
        path = self.directory / "first.pcap"
        path.chmod(0)
        self.directory.chmod(0o777)
        prefix = self.unprivileged()
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", prefix=prefix)
        self.assert_status(result, 3)
        self.assertIn("ermission denied", result.err)

    def unprivileged(self):
        """A prefix that runs the binary as an ordinary user."""
        if os.geteuid() != 0:
            return ()
        if shutil.which("setpriv") is None:
            self.skipTest("needs setpriv to leave root")
        return (
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set=-all",
        )

    # ---- damaged: exit 4, the readable part is processed ----

    def test_last_record_cut(self):
        whole = pcap_bytes(connection())
        (self.directory / "cut.pcap").write_bytes(whole[:-5])
        lines = self.rows_of("cut.pcap", status=4)
        self.assertEqual(len(lines), 1)
        self.assertIn('"cut.pcap"', self.last.err)
        self.assertIn("the 7 packets before it are processed.", self.last.err)

    def test_captured_length_beyond_the_file(self):
        broken = (
            pcap_bytes(connection()) + struct.pack("<IIII", 1500000001, 0, 1000, 1000) + b"x" * 10
        )
        (self.directory / "long.pcap").write_bytes(broken)
        self.assertEqual(len(self.rows_of("long.pcap", status=4)), 1)

    # ---- well: exit 0 ----

    def test_without_packets(self):
        write_pcap(self.directory / "none.pcap", [])
        self.assertEqual(self.rows_of("none.pcap"), [])
        result = self.run_tapstat("replay", "none.pcap", "-s", "out")
        self.assert_status(result, 0)
        self.assertNotIn("tapstat:", result.err)
        directory = self.directory / "out/1970_01_01_00_00.out"
        for name in ("log_tcp_complete", "log_tcp_nocomplete"):
            self.assertTrue((directory / name).read_text().startswith("#15#c_ip:1 "))
            self.assertEqual((directory / name).read_text().count("\n"), 1)

    def test_compressed_captures_give_the_same_rows(self):
        plain = self.rows_of("first.pcap")
        (self.directory / "t.pcap.gz").write_bytes(gzip.compress(pcap_bytes(connection())))
        self.assertEqual(self.rows_of("t.pcap.gz"), plain)
        result = self.run_tapstat("replay", "t.pcap.gz", "-s", "noted")
        self.assertIn(
            'tapstat: "t.pcap.gz" is gzip data, not a capture. It will be unpacked to ', result.err
        )
        self.assertIn("; use --no-unpack to refuse.", result.err)
        if shutil.which("zstd"):
            subprocess.run(
                ["zstd", "-q", "first.pcap", "-o", "t.pcap.zst"], cwd=self.directory, check=True
            )
            self.assertEqual(self.rows_of("t.pcap.zst"), plain)

    def test_a_name_with_commas_blanks_and_colons(self):
        plain = self.rows_of("first.pcap")
        name = "a,b=c d:e;f'g.pcap"
        shutil.copy(self.directory / "first.pcap", self.directory / name)
        self.assertEqual(self.rows_of(name), plain)

    def test_big_endian_and_nanoseconds(self):
        plain = self.rows_of("first.pcap")
        for magic, order, factor in (
            (0xA1B2C3D4, ">", 1),
            (0xA1B23C4D, "<", 1000),
            (0xA1B23C4D, ">", 1000),
        ):
            out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)]
            for at, frame in connection():
                when = support.T0_US + at
                out.append(
                    struct.pack(
                        order + "IIII",
                        when // 10**6,
                        when % 10**6 * factor,
                        len(frame),
                        len(frame),
                    )
                    + frame
                )
            (self.directory / "other.pcap").write_bytes(b"".join(out))
            self.assertEqual(self.rows_of("other.pcap"), plain)

    def test_two_files_are_one_run(self):
        packets = connection()
        write_pcap(self.directory / "whole.pcap", packets)
        write_pcap(self.directory / "a.pcap", packets[:4])
        write_pcap(self.directory / "b.pcap", packets[4:])
        whole = self.rows_of("whole.pcap")
        self.assertEqual(len(whole), 1)
        self.assertEqual(self.rows_of("a.pcap", "b.pcap"), whole)
        self.assertNotEqual(self.rows_of("b.pcap", "a.pcap"), whole)

    def test_an_unreadable_file_does_not_stop_the_others(self):
        plain = self.rows_of("first.pcap")
        self.assertEqual(self.rows_of("missing.pcap", "first.pcap", status=3), plain)
        whole = pcap_bytes(connection(client_port=40001, start_us=10_000_000))
        (self.directory / "cut.pcap").write_bytes(whole[:-5])
        self.assertEqual(len(self.rows_of("first.pcap", "cut.pcap", status=4)), 2)
        self.assertEqual(len(self.rows_of("first.pcap", "cut.pcap", "missing.pcap", status=4)), 2)

    def test_snapped_packets_are_told(self):
        write_pcap(self.directory / "snap.pcap", connection(), snap_length=60)
        result = self.run_tapstat("replay", "snap.pcap", "-s", "out")
        self.assert_status(result, 0)
        self.assertIn("cut by the snap length", result.out)
        self.assertEqual(support.rows(self.directory / "out"), self.rows_of("first.pcap"))

    def test_frames_of_64_kib(self):
        write_pcap(
            self.directory / "large.pcap", connection(sizes=(60_000, 65_000)), snap_length=262_144
        )
        cells = self.rows_of("large.pcap")[0].split(" ")
        self.assertEqual((cells[8], cells[22]), ("60000", "65000"))

    def test_as_an_ordinary_user(self):
        self.directory.chmod(0o777)
        result = self.run_tapstat(
            "replay", "first.pcap", "-s", "out", "-q", prefix=self.unprivileged()
        )
        self.assert_status(result, 0)
        self.assertEqual(len(support.rows(self.directory / "out")), 1)

    def test_a_directory_that_cannot_be_written(self):
        prefix = self.unprivileged()
        (self.directory / "out").mkdir()
        (self.directory / "out").chmod(0o555)
        self.directory.chmod(0o755)
        owner = self.directory.owner()
        uid = 65534 if prefix else os.geteuid()
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", prefix=prefix)
        self.assert_status(result, 6)
        self.assertIn(
            f'tapstat: directory "out" cannot be written by uid {uid} (owner {owner}, mode 0555). '
            "Choose another with -s.\n",
            result.err,
        )

    def test_a_file_in_the_place_of_the_directory(self):
        (self.directory / "taken").write_text("x")
        self.assert_status(self.run_tapstat("replay", "first.pcap", "-s", "taken/below", "-q"), 6)
        self.assert_status(self.run_tapstat("replay", "first.pcap", "-s", "taken", "-q"), 0)
        self.assertEqual(len(support.rows(self.directory / "taken.out")), 1)

    def test_an_arp_packet_is_counted_under_its_cause(self):
        packets = connection() + [(100_000, support.ethernet(b"\0" * 28, 0x0806))]
        write_pcap(self.directory / "arp.pcap", packets)
        result = self.run_tapstat("replay", "arp.pcap", "-s", "out")
        self.assertRegex(result.out, r"\+ not IP +1 ")
        self.assert_ledger_closes(self.directory / "out")

    def test_many_connections(self):
        write_pcap(self.directory / "many.pcap", connections(3000))
        self.assertEqual(len(self.rows_of("many.pcap")), 3000)


if __name__ == "__main__":
    support.main()
