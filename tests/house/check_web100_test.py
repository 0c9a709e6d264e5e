"""scripts/check_web100.py finds each way in which a file of exit records can be wrong."""

import os
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import check_web100  # noqa: E402

NAME = "20170203T00:00:00Z_ALL0.web100"
KEYS = (
    "K: cid PollTime LocalAddress LocalPort RemAddress RemPort SndWinScale StartTimeSec "
    "StartTimeUsec Duration"
)
ROW = "C: 7 2017-02-03-00:00:03Z 198.18.0.1 80 198.19.0.2 1031 -1 1486079943 7 1500000"
SHARED = pathlib.Path(os.environ.get("TAPSTAT_SHARED", ROOT / "../shared"))
SAMPLE = SHARED / "specs/sidestream-samples" / NAME  # found by TAPSTAT_SHARED


def findings(text, name=NAME):
    """(line, is_error) of a file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1"))
        return [(f.line, f.is_error) for f in check_web100.FileCheck(path).read().findings]


def of_rows(*rows, keys=KEYS, name=NAME):
    return findings("".join(line + "\n" for line in (keys, *rows)), name)


class Sound(unittest.TestCase):
    def test_a_record(self):
        self.assertEqual(of_rows(ROW), [])

    def test_a_key_line_alone(self):
        self.assertEqual(of_rows(), [])

    def test_names(self):
        day = "SideStream/2017/02/03"
        for name in (f"{day}/{NAME}", f"{day}/node/{NAME}", NAME.replace("L0", "L12")):
            self.assertEqual(of_rows(ROW, name=name), [], name)
        self.assertEqual(of_rows(ROW, name=NAME.replace("ALL", "198.18.0.1_")), [])

    def test_ipv6(self):
        row = ROW.replace("198.18.0.1", "2001:2:0:a::10").replace("198.19.0.2", "2001:2::1")
        self.assertEqual(of_rows(row), [])
        name = NAME.replace("ALL", "2001:2:0:a::10_")
        self.assertEqual(of_rows(row, name=name), [])

    def test_the_newer_spelling(self):
        self.assertEqual(of_rows(ROW, keys=KEYS.replace("SndWinScale", "SndWindScale")), [])

    @unittest.skipUnless(SAMPLE.is_file(), "no reference material")
    def test_the_genuine_sample(self):
        one = check_web100.FileCheck(SAMPLE).read()
        self.assertEqual([str(f) for f in one.findings if f.is_error], [])
        self.assertEqual(one.records, 6)
        self.assertEqual(one.keys[2:], [names[0] for names in check_web100.VARIABLES[:119]])


class Warned(unittest.TestCase):
    def test_another_hour(self):
        self.assertEqual(of_rows(ROW.replace("-00:00:03Z", "-01:00:03Z")), [(2, False)])

    def test_addresses_that_readers_drop(self):
        for address in ("10.1.2.3", "127.0.0.1", "192.0.2.7", "100.64.0.1", "224.0.0.1"):
            self.assertEqual(of_rows(ROW.replace("198.19.0.2", address)), [(2, False)], address)
        row = ROW.replace("198.18.0.1", "2001:2::1")
        for address in ("::1", "fe80::1", "2001:db8::1", "fd00::1"):
            self.assertEqual(of_rows(row.replace("198.19.0.2", address)), [(2, False)], address)


class Broken(unittest.TestCase):
    def expect_error(self, found, line):
        self.assertIn((line, True), found)

    def test_names(self):
        for name in (
            "20170203T000000Z_ALL0.web100",
            "20170203T00:30:00Z_ALL0.web100",
            "20170230T00:00:00Z_ALL0.web100",
            "20170203T00:00:00Z_ALL.web100",
            "20170203T00:00:00Z_ALL00.web100",
            "20170203T00:00:00Z_ALL_0.web100",
            "20170203T00:00:00Z_2001::0_0.web100",
            f".{NAME}",
            f"{NAME}.part",
            f"SideStream/2017/02/04/{NAME}",
            f"SideStream/2017/02/03/a/b/{NAME}",
        ):
            with self.subTest(name=name):
                self.expect_error(of_rows(ROW, name=name), 0)
        self.expect_error(of_rows(ROW, name=NAME.replace("ALL", "198.18.0.9_")), 2)

    def test_bytes(self):
        good = f"{KEYS}\n{ROW}\n"
        self.expect_error(findings(good[:-1]), 0)
        self.expect_error(findings(""), 0)
        self.expect_error(findings("\ufeff".encode().decode("latin-1") + good), 1)
        self.expect_error(findings(good.replace("\n", "\r\n")), 1)
        self.expect_error(findings(good + "\n"), 3)
        for bad in (f"{ROW} ", f" {ROW}", ROW.replace(" 80 ", "  80 "), ROW.replace(" ", "\t")):
            with self.subTest(bad=bad):
                self.expect_error(of_rows(bad), 2)

    def test_lines(self):
        self.expect_error(of_rows(ROW, KEYS), 3)
        self.expect_error(of_rows("P" + ROW[1:]), 2)
        self.expect_error(of_rows("# comment"), 2)
        self.expect_error(findings(f"{ROW}\n"), 1)
        self.expect_error(of_rows(ROW + " 1"), 2)
        self.expect_error(of_rows(ROW.rsplit(" ", 1)[0]), 2)

    def test_keys(self):
        for old, new in (
            ("Duration", "Durations"),
            ("Duration", "SndWindScale"),
            ("Duration", "StartTimeUsec"),
            ("Duration", "PktsOut"),
            ("StartTimeUsec ", ""),
            ("LocalPort", "MSSRcvd"),
            ("cid PollTime", "PollTime cid"),
        ):
            with self.subTest(old=old, new=new):
                self.expect_error(of_rows(keys=KEYS.replace(old, new)), 1)

    def test_values(self):
        for old, new in (
            (" 7 2017", " 0 2017"),
            (" 7 2017", " 2147483648 2017"),
            ("-00:00:03Z", "T00:00:03Z"),
            ("-00:00:03Z", "-00:00:63Z"),
            ("2017-02-03-", "2017-02-30-"),
            (" 80 ", " 65536 "),
            (" 80 ", " 080 "),
            (" -1 ", " -2 "),
            (" -1 ", " - "),
            (" 1500000", " 18446744073709551615"),
            (" 1500000", " 1500000.0"),
            (" 1500000", " +1"),
            (" 1486079943 ", " 4294967296 "),
            (" 7 1500000", " 1000000 1500000"),
            ("198.18.0.1", "198.018.0.1"),
            ("198.18.0.1", "localhost"),
            ("198.18.0.1", "2001:2::1"),
            ("198.18.0.1", "2001:2:::1"),
            ("198.18.0.1 80 198.19.0.2", "2001:2::A 80 2001:2::1"),
            ("198.18.0.1 80 198.19.0.2", "2001:2:0:0:0:0:0:a 80 2001:2::1"),
        ):
            with self.subTest(new=new):
                self.assertIn(old, ROW)
                self.expect_error(of_rows(ROW.replace(old, new)), 2)

    def test_a_type_that_is_not_the_address(self):
        keys = KEYS + " LocalAddressType"
        self.assertEqual(of_rows(f"{ROW} 1", keys=keys), [])
        self.expect_error(of_rows(f"{ROW} 2", keys=keys), 2)

    def test_the_same_connection_twice(self):
        self.expect_error(of_rows(ROW, ROW), 3)
        self.assertEqual(of_rows(ROW, ROW.replace(" 7 1500000", " 8 1500000")), [])


class Trees(unittest.TestCase):
    def test_a_directory_is_read_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            day = pathlib.Path(folder) / "SideStream/2017/02/03"
            day.mkdir(parents=True)
            (day / NAME).write_text(f"{KEYS}\n{ROW}\n")
            (day / NAME.replace(".web100", ".tra")).write_bytes(b"")
            self.assertEqual(check_web100.check([folder]), ([], 1, 1))
            (day / f"{NAME}.part").write_text("")
            found, _, _ = check_web100.check([folder])
            self.assertEqual([f.is_error for f in found], [True])


if __name__ == "__main__":
    unittest.main()
