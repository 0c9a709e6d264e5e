"""scripts/test_summary.py against results as meson and GoogleTest write them."""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import test_summary  # noqa: E402

NAME = "tapstat:unit / unit_x"
FINE = '<testcase name="a" status="run"/>'
FAILED = '<testcase name="b" status="run"><failure>no</failure></testcase>'
SKIPPED = '<testcase name="c" status="run"><skipped>x.cc:3\nno material</skipped></testcase>'
DISABLED = '<testcase name="d" status="notrun"/>'


def run(tests, cases=""):
    """Last lines printed and exit status for (name, result, output) tests and the cases of NAME."""
    with tempfile.TemporaryDirectory() as folder:
        logs = pathlib.Path(folder) / "meson-logs"
        logs.mkdir()
        logs.joinpath("testlog.json").write_text("".join(
            json.dumps({"name": n, "result": r, "stdout": o}) + "\n" for n, r, o in tests))
        logs.joinpath("testlog.junit.xml").write_text(
            f'<testsuites><testsuite name="tapstat.{NAME}.Suite">{cases}</testsuite></testsuites>')
        sys.argv = ["test_summary.py", folder]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            status = test_summary.main()
        return printed.getvalue().splitlines(), status


class Summary(unittest.TestCase):
    def test_cases_count_one_by_one(self):
        lines, status = run([(NAME, "FAIL", "")], FINE + FAILED + SKIPPED + DISABLED)
        self.assertEqual(lines, ["skipped 1: disabled", "skipped 1: no material",
                                 "1 passed, 1 failed, 2 skipped"])
        self.assertEqual(status, 1)

    def test_a_crash_after_good_cases_is_a_failure(self):
        self.assertEqual(run([(NAME, "FAIL", "")], FINE), (["1 passed, 1 failed, 0 skipped"], 1))

    def test_plain_programs(self):
        for result, expected in [("OK", (["1 passed, 0 failed, 0 skipped"], 0)),
                                 ("FAIL", (["0 passed, 1 failed, 0 skipped"], 1)),
                                 ("TIMEOUT", (["0 passed, 1 failed, 0 skipped"], 1)),
                                 ("ERROR", (["0 passed, 1 failed, 0 skipped"], 1)),
                                 ("INTERRUPT", (["0 passed, 1 failed, 0 skipped"], 1))]:
            with self.subTest(result=result):
                self.assertEqual(run([("plain", result, "")]), expected)

    def test_a_skipped_program_says_why(self):
        lines, _ = run([("plain", "SKIP", "one\nno network\n"), (NAME, "OK", "")], FINE)
        self.assertEqual(lines, ["skipped 1: no network", "1 passed, 0 failed, 1 skipped"])

    def test_nothing_ran(self):
        self.assertEqual(run([]), (["0 passed, 0 failed, 0 skipped"], 1))


if __name__ == "__main__":
    unittest.main()
