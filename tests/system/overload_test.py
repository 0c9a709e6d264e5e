"""Output that stands still while packets come: the replay waits and nothing is lost.

The threads of a running probe that are no packet threads are halted one by one with ptrace, as a
debugger does, and let go again: writer, formatting threads and control. Needs the permission to
trace a child; skipped without.
"""
import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

import support
from support import connections, write_pcap

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17  # ptrace(2)
ALL_THREADS = 0x40000000  # __WALL of waitpid(2)
STALL_S = 1.5


def ptrace(request, thread):
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, thread, None, None) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Halted:
    """Halts the threads of a process that `wanted(name)` picks."""

    def __init__(self, process, wanted):
        self.threads = []
        for task in Path(f"/proc/{process.pid}/task").iterdir():
            if wanted((task / "comm").read_text().strip()):
                self.threads.append(int(task.name))

    def __enter__(self):
        for thread in self.threads:
            ptrace(SEIZE, thread)
        for thread in self.threads:
            ptrace(INTERRUPT, thread)
            os.waitpid(thread, ALL_THREADS)
        return self

    def __exit__(self, *_):
        for thread in self.threads:
            ptrace(DETACH, thread)


def cpu_ticks(process, name):
    """Processor time of the threads whose name begins with `name`."""
    total = 0
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        if (task / "comm").read_text().startswith(name):
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total


class StalledWriter(support.TestCase):
    def start(self, *flags):
        write_pcap(self.directory / "many.pcap", connections(2_000))
        (self.directory / "small.toml").write_text("[memory]\nrecord_ring = 64\n")
        process = subprocess.Popen(
            [support.BINARY, "replay", "many.pcap", "-s", "out", "--loop", "0", "-q"]
            + ["-c", "small.toml", "--mode", "corrected", *flags],
            cwd=self.directory,
            env={**os.environ, "TZ": "UTC"},
        )
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.kill)
        self.wait_until_it_has_written(process, 100_000)
        return process

    def written(self):
        files = (self.directory / "out").glob("*.out*/log_tcp_complete")
        return sum(path.stat().st_size for path in files)

    def wait_until_it_has_written(self, process, size):
        deadline = time.monotonic() + 30
        while self.written() < size:
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline, "nothing is written")
            time.sleep(0.02)

    def test_the_replay_waits_and_goes_on(self):
        for flags in (("--workers", "1"), ("--workers", "2"), ("-o", "tstat,web100")):
            with self.subTest(flags):
                process = self.start(*flags)
                try:
                    with Halted(process, lambda name: not name.startswith("rte-worker")):
                        time.sleep(0.2)  # the ring fills
                        size = self.written()
                        ticks = cpu_ticks(process, "rte-worker")
                        time.sleep(STALL_S)
                        busy_s = (cpu_ticks(process, "rte-worker") - ticks) / os.sysconf(
                            "SC_CLK_TCK"
                        )
                        self.assertEqual(self.written(), size)
                        # A worker that waits for room sleeps.
                        self.assertLess(busy_s, STALL_S / 2)
                except PermissionError as error:
                    self.skipTest(f"may not trace: {error}")
                self.wait_until_it_has_written(process, size + 100_000)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(process.wait(30), 0)
                self.assert_nothing_was_lost()
                subprocess.run(["rm", "-r", self.directory / "out"], check=True)

    def assert_nothing_was_lost(self):
        self.assert_ledger_closes(self.directory / "out")
        counters = support.summary(self.directory / "out")["counters"]
        for name, count in counters.items():
            if "_dropped_queue_full" in name or "_dropped_write_error" in name:
                self.assertEqual(count, 0, name)
        rows = sum(
            1 for line in support.log_lines(self.directory / "out") if not line.startswith("#")
        )
        self.assertEqual(rows, counters["rows_complete_written"])


if __name__ == "__main__":
    support.main()
