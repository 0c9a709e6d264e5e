"""A thread of the probe crashes: a packet thread costs what it had in its hands, and not what was
recorded; who writes takes the process with him. Always a sentence, never status 0.

The signal comes from outside (tgkill), as if the thread had met a wrong address.
"""
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import support
from live_probe import CORRECTED
from support import connections, write_pcap

TGKILL = 234  # on x86-64
CONNECTIONS = 500
INTERNAL_ERROR = 1


def tasks(process):
    """(thread, name) of each thread."""
    found = Path(f"/proc/{process.pid}/task").iterdir()
    return [(int(task.name), (task / "comm").read_text().strip()) for task in found]


def crash(process, wanted, number=signal.SIGSEGV):
    """In the first thread, by number, whose name begins so; never in the main one."""
    threads = [t for t, name in sorted(tasks(process)) if name.startswith(wanted)]
    thread = next(t for t in threads if t != process.pid)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(TGKILL, process.pid, thread, int(number)) != 0:
        raise OSError(ctypes.get_errno(), "tgkill")


class Crashes:
    """What holds for run and replay. `self.process` runs, its rows are below `self.base`."""

    def assert_ends(self, status, name, said):
        self.assertEqual(self.process.wait(support.TIMEOUT_S), status, self.said())
        lines = [line for line in self.said().splitlines() if "internal error" in line]
        self.assertEqual(len(lines), 1, self.said())
        self.assertIn(f'thread "{name}', lines[0])
        self.assertIn(said, lines[0])

    def assert_rows_are_whole(self):
        for directory in support.directories(self.base):
            for path in directory.glob("log_*"):
                text = path.read_text()
                self.assertTrue(text.endswith("\n"), path)
                fields = {len(line.split(" ")) for line in text.splitlines()}
                self.assertEqual(len(fields), 1, path)

    def count_rows(self):
        return len(support.rows(self.base))


class ReplayCrashes(Crashes, support.TestCase):
    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "many.pcap", connections(CONNECTIONS))

    def start(self, workers="1"):
        """Endless, about two rounds a second."""
        self.base = self.directory / f"out_{workers}"
        self.errors = self.directory / "stderr"
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [support.BINARY, "replay", "many.pcap", "-s", self.base, "--loop", "0"]
                + ["--speed", "realtime", "--no-progress", *CORRECTED, "--workers", workers],
                cwd=self.directory,
                env={**os.environ, "TZ": "UTC"},
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
        self.addCleanup(self.process.wait, 30)
        self.addCleanup(self.process.kill)
        deadline = time.monotonic() + 20
        while self.count_rows() < 2 * CONNECTIONS:
            self.assertIsNone(self.process.poll(), self.said())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def said(self):
        return self.errors.read_text()

    def test_a_packet_thread(self):
        for workers, number in (("1", signal.SIGSEGV), ("2", signal.SIGBUS)):
            with self.subTest(workers=workers, number=number):
                self.start(workers)
                before = self.count_rows()
                crash(self.process, "rte-worker-", number)
                self.assert_ends(INTERNAL_ERROR, "rte-worker-", number.name)
                self.assertRegex(self.said(), r"stopped at once: [\d,]+ open or recorded flows")
                self.assertGreaterEqual(self.count_rows(), before)
                self.assert_rows_are_whole()

    def test_who_writes(self):
        self.start()
        before = self.count_rows()
        name = dict(tasks(self.process))[self.process.pid]
        crash(self.process, name)
        self.assert_ends(-signal.SIGSEGV, name, "The run has ended")
        self.assertGreaterEqual(self.count_rows(), before)


if __name__ == "__main__":
    if not support.is_plain():
        print("skipped: the sanitizer reports crashes itself")
        sys.exit(support.SKIPPED)
    support.main()
