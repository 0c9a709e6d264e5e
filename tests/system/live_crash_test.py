"""A thread of a live run crashes: every connection that had ended has its row. Needs root."""
import sys
import time

import support
from crash_test import CONNECTIONS, INTERNAL_ERROR, Crashes, crash
from live_probe import CORRECTED, LiveTestCase, conversation
from sample_lab import sample_lab_or_skip


class LiveCrashes(Crashes, LiveTestCase):
    def crash_after_traffic(self, thread, *flags, **options):
        """Every connection has ended when the thread crashes."""
        self.start(*CORRECTED, "--workers", "2", *flags, **options)
        self.send(conversation(CONNECTIONS), frames_per_s=8_000)
        time.sleep(1.5)
        crash(self.process, thread)
        self.assert_ends(INTERNAL_ERROR, thread, "SIGSEGV")
        self.assert_rows_are_whole()
        self.assertEqual(self.count_rows(), CONNECTIONS)

    def test_a_packet_thread(self):
        parts = {"dispatcher": "rte-worker-1", "worker": "rte-worker-2", "follower": "rte-worker-4"}
        for part, thread in parts.items():
            with self.subTest(part=part):
                self.base = self.directory / part
                self.crash_after_traffic(thread, "-o", "tstat,web100")
                self.assertEqual(len(list(self.base.glob("SideStream/**/*.web100"))), 1)

    def test_the_control_plane(self):
        serve = ("--listen", "127.0.0.1:0", "--socket", self.directory / "socket")
        self.crash_after_traffic("control", serve=serve)


if __name__ == "__main__":
    if not support.is_plain():
        print("skipped: the sanitizer reports crashes itself")
        sys.exit(support.SKIPPED)
    sample_lab_or_skip()
    support.main()
