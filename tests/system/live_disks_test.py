"""Disks that are full or gone and descriptors that are used up while packets come: no packet is
lost for it, rows that find no place are counted and said at once, and writing goes on by itself
when the cause is gone. Needs root."""
import errno
import os
import resource
import shutil
import socket
import subprocess
import time

import support
from live_probe import CORRECTED, ROWS_LOST, LiveTestCase, Sender, conversation
from overload_test import cpu_ticks
from sample_lab import sample_lab_or_skip

ROUND = 250  # connections
PACED = 4_000  # frames a second: two rounds
EVERY_SECOND = '[output.tstat]\nrotate = "1s"\n'


class DisksThatComeBack(LiveTestCase):
    @classmethod
    def setUpClass(cls):
        cls.round = conversation(ROUND)

    def begin(self, *flags, **options):
        self.start(*CORRECTED, *flags, **options)
        self.sending = Sender([self.sender], self.round, frames_per_s=PACED)
        self.wait_for(lambda: support.rows(self.base))

    def finish(self):
        """Everything that was sent is a row or counted, and the last is a row."""
        before = self.sending.rounds
        self.wait_for(lambda: self.sending.rounds > before + 1)
        self.sending.stop()
        time.sleep(0.5)
        self.stop(ROWS_LOST)
        self.assert_no_packet_was_lost()
        self.assertEqual(self.counters["tcp_segments"], self.sending.frames)
        self.assertGreater(self.counters["rows_complete_dropped_write_error"], 0)
        self.assertEqual(self.clients_of_round(self.sending.rounds - 1), ROUND)
        self.assert_logs_are_whole(self.base)

    def test_full(self):
        self.base.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", self.base],
            capture_output=True,
            check=False,
        )
        if mounted.returncode != 0:
            self.skipTest("cannot mount: " + mounted.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", self.base], check=True)
        self.begin()
        ballast = self.base / "ballast"
        with open(ballast, "ab", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(b"x" * 4096)
        self.wait_for(lambda: os.strerror(errno.ENOSPC) in self.said())
        ballast.unlink()
        self.finish()
        self.assert_rows_are_counted(self.sending.connections)

    def test_removed(self):
        self.begin()
        self.base.rename(self.directory / "removed")
        shutil.rmtree(self.directory / "removed")
        self.wait_for(lambda: os.strerror(errno.ENOENT) in self.said())
        self.finish()

    def test_descriptors(self):
        """None is left for a new directory's files, nor for who asks the control plane."""
        if not support.is_plain():
            self.skipTest("sanitizers need descriptors of their own to look at memory")
        path = self.directory / "probe.sock"
        self.ip("link", "set", "lo", "up")
        self.begin(
            *self.settings(EVERY_SECOND), serve=("--listen", "127.0.0.1:0", "--socket", path)
        )
        process = self.process.pid
        enough = resource.prlimit(process, resource.RLIMIT_NOFILE)
        resource.prlimit(process, resource.RLIMIT_NOFILE, (1, enough[1]))
        self.wait_for(lambda: os.strerror(errno.EMFILE) in self.said())
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(path))
            ticks = cpu_ticks(self.process, "tapstat")
            time.sleep(1)
            busy_s = (cpu_ticks(self.process, "tapstat") - ticks) / os.sysconf("SC_CLK_TCK")
        self.assertLess(busy_s, 0.7, "it spins")
        resource.prlimit(process, resource.RLIMIT_NOFILE, enough)
        asked = support.tapstat("status", "--socket", path)
        self.assert_status(asked, 0)
        self.finish()
        self.assert_rows_are_counted(self.sending.connections)


if __name__ == "__main__":
    sample_lab_or_skip()
    support.main()
