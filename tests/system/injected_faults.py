"""Runs of the binary in which system calls fail (tests/faults/fault_preload.cc), and what must hold
of their output whatever failed."""
import json
import os
from pathlib import Path
from typing import NamedTuple

import support
from traces_test import read_trace
from web100_records import complaints, published

PRELOAD = Path(
    os.environ.get("TAPSTAT_FAULT_PRELOAD", support.BINARY.parent / "tests/faults/fault_preload.so")
)
# Exit statuses that a fault may end with: all of the table but "internal error" and the watchdog.
DEFINED = (0, 2, 3, 4, 5, 6)


class Fault(NamedTuple):
    calls: str  # families of calls, as the preloaded library names them
    error: object = "0"  # errno or "short"
    first: int = 0  # 0: none fails, they are counted
    count: int = 1  # 0: all from the first on
    path: str = ""  # part of the paths that are concerned; "": all calls
    delay_us: int = 0
    only_while: str = ""  # a file

    def environment(self, report=None):
        set_ = {
            "LD_PRELOAD": str(PRELOAD),
            "TAPSTAT_FAULT_CALLS": self.calls,
            "TAPSTAT_FAULT_ERROR": str(int(self.error) if self.error != "short" else "short"),
            "TAPSTAT_FAULT_AT": str(self.first),
            "TAPSTAT_FAULT_COUNT": str(self.count),
            "TAPSTAT_FAULT_DELAY_US": str(self.delay_us),
        }
        if self.path:
            set_["TAPSTAT_FAULT_PATH"] = self.path
        if self.only_while:
            set_["TAPSTAT_FAULT_WHILE"] = str(self.only_while)
        if report:
            set_["TAPSTAT_FAULT_REPORT"] = str(report)
        return set_


class FaultTestCase(support.TestCase):
    def need_preload(self):
        """Sanitizers have an allocator of their own, which the library would replace."""
        if not PRELOAD.exists() or not support.is_plain():
            self.skipTest(f"needs {PRELOAD} and a build without sanitizers")

    def assert_logs_are_whole(self, base):
        """Every line of every log: as many fields as its header says, and a line end (I4)."""
        for directory in support.directories(base):
            for log in directory.glob("log_*"):
                text = log.read_text()
                if not text:
                    continue  # not even the header could be written
                self.assertTrue(text.endswith("\n"), f"{log} ends in {text[-80:]!r}")
                header, *lines = text.splitlines()
                self.assertTrue(header.startswith("#"), log)
                separator = "\t" if "\t" in header else " "
                for line in lines:
                    self.assertEqual(
                        len(line.split(separator)), len(header.split(separator)), f"{log}: {line}"
                    )

    def assert_published_files_are_whole(self, root):
        if published(root):
            self.assertEqual(complaints(root), "")
        for trace in Path(root).glob("SideStream/**/*.tra"):
            read_trace(trace)
        self.assertEqual(list(Path(root).glob("SideStream/**/*.part")), [])

    def assert_rows_are_those_counted(self, document, base):
        """I3: what the run says it wrote is what the files hold."""
        for log, count in document["output"]["rows"].items():
            self.assertEqual(len(support.rows(base, log)), count, log)

    def assert_no_defect(self, result, base):
        """What must hold after any fault."""
        self.assertIn(result.status, DEFINED, repr(result))
        if result.status != 0:
            self.assertRegex(result.err, r"(?m)^tapstat: \S.*\.$", "no sentence")
        base = self.directory / base
        self.assert_logs_are_whole(base)
        self.assert_published_files_are_whole(base)
        if not result.out.startswith("{"):
            return None
        document = json.loads(result.out)
        self.assertTrue(document["difference_is_zero"], repr(result))
        self.assert_rows_are_those_counted(document, base)
        return document
