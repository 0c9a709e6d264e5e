"""Disks that are slow while packets come: the packet path does not wait, so no packet is lost, and
no row as long as its ring holds; of a trace, what its ring cannot hold is counted. Needs root."""
import re
import shutil
import time

import support
from injected_faults import Fault
from live_probe import CORRECTED, FRAMES_PER_CONNECTION, LiveTestCase, conversation
from sample_lab import sample_lab_or_skip
from web100_records import all_records

CONNECTIONS = 3_000
SMALL_TRACE_RING = '[output.trace]\nring = "1MiB"\n'
TRACED = ("--trace", "traces", "--trace-filter", "tcp")


class SlowDisks(LiveTestCase):
    @classmethod
    def setUpClass(cls):
        cls.many = conversation(CONNECTIONS)

    def setUp(self):
        super().setUp()
        self.need_preload()

    def run_with(self, *flags, env=None):
        """Counters of a run that gets all connections, none of its packets lost."""
        shutil.rmtree(self.base, ignore_errors=True)
        self.start(*flags, env=env)
        sender = self.send(self.many)
        time.sleep(0.5)
        counters = self.stop()
        self.assert_no_packet_was_lost()
        self.assertEqual(counters["tcp_segments"], sender.frames)
        self.assert_rows_are_counted(CONNECTIONS)
        self.assertEqual(counters["rows_complete_written"], CONNECTIONS)
        return counters

    def untimed_rows(self):
        """Rows without what depends on when packets came."""
        found = []
        for line in support.rows(self.base):
            words = line.split(" ")
            found.append([word for word in words if not re.fullmatch(r"-?\d+\.\d+", word)])
        return sorted(found)

    def test_traces(self):
        self.run_with(*CORRECTED)
        expected = self.untimed_rows()
        fault = Fault("write", 0, path=".tra", delay_us=700_000)
        counters = self.run_with(*TRACED, *self.settings(SMALL_TRACE_RING), env=fault.environment())
        self.assertEqual(self.untimed_rows(), expected)
        self.assertGreater(counters["trace_dropped_ring"], 0)
        self.assertEqual(
            counters["trace_written"] + counters["trace_dropped_ring"],
            FRAMES_PER_CONNECTION * CONNECTIONS,
        )
        self.assert_published_files_are_whole(self.directory / "traces")

    def test_logs(self):
        fault = Fault("write", 0, path="/log_tcp", delay_us=500_000)
        self.run_with(*CORRECTED, env=fault.environment())

    def test_exit_records(self):
        fault = Fault("write", 0, path=".web100", delay_us=500_000)
        self.run_with(*CORRECTED, "-o", "tstat,web100", env=fault.environment())
        self.assertEqual(len(all_records(self.base)), CONNECTIONS)
        self.assert_published_files_are_whole(self.base)


if __name__ == "__main__":
    sample_lab_or_skip()
    support.main()
