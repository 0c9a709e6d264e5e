"""A replay in which the N-th call of a kind fails, for N from the first to the last: it ends with a
status of the table and a sentence, its ledger closes, and nothing published is torn.

TAPSTAT_FAULT_SAMPLES: how many N of each kind are tried (spread over all calls), 0 = every one.
"""
import errno
import os
import shutil

import support
from injected_faults import Fault, FaultTestCase
from support import connections, write_pcap
from web100_records import all_records

CONNECTIONS = 40
SAMPLES = int(os.environ.get("TAPSTAT_FAULT_SAMPLES", "6"))
BASE = "out"


def sampled(calls):
    """Numbers from 1 to `calls`: the first ones, the last ones, and some between."""
    if SAMPLES == 0 or calls <= SAMPLES:
        return range(1, calls + 1)
    edge = SAMPLES // 3
    middle = SAMPLES - 2 * edge
    step = (calls - 2 * edge) / middle
    chosen = {edge + 1 + int(i * step) for i in range(middle)}
    return sorted(chosen | set(range(1, edge + 1)) | set(range(calls - edge + 1, calls + 1)))


class OneCallFails(FaultTestCase):
    def setUp(self):
        super().setUp()
        self.need_preload()
        write_pcap(self.directory / "in.pcap", connections(CONNECTIONS))

    def run_with(self, fault):
        shutil.rmtree(self.directory / BASE, ignore_errors=True)
        words = ["replay", "in.pcap", "-s", BASE, "-o", "tstat,web100", "--json"]
        words += ["--trace", BASE, "--trace-filter", "tcp"]
        report = self.directory / "calls"
        report.unlink(missing_ok=True)
        done = self.run_tapstat(*words, env=fault.environment(report))
        return done, int(report.read_text()) if report.exists() else 0

    def assert_nothing_is_missing(self, document):
        base = self.directory / BASE
        self.assertEqual(len(support.rows(base)), CONNECTIONS)
        self.assertEqual(len(all_records(base)), CONNECTIONS)
        self.assertEqual(document["counters"]["trace_written"], 8 * CONNECTIONS)

    def try_all(self, fault, harmless=False):
        """`harmless`: no such failure may cost anything."""
        clean, calls = self.run_with(fault)
        self.assert_status(clean, 0)
        self.assertGreater(calls, 0, "the run has no such call: nothing is tested")
        statuses = {}
        for number in sampled(calls):
            with self.subTest(calls=fault.calls, error=fault.error, number=number):
                done, _ = self.run_with(fault._replace(first=number))
                document = self.assert_no_defect(done, BASE)
                if harmless:
                    self.assert_status(done, 0)
                if done.status == 0:
                    self.assert_nothing_is_missing(document)
                statuses[done.status] = statuses.get(done.status, 0) + 1
        print(f"{fault.calls} {fault.error}: {calls} calls, statuses {statuses}")

    def test_memory(self):
        self.try_all(Fault("malloc", errno.ENOMEM))

    def test_pages(self):
        self.try_all(Fault("mmap", errno.ENOMEM))

    def test_writing(self):
        for error in (errno.ENOSPC, errno.EIO):
            self.try_all(Fault("write", error, path=str(self.directory)))

    def test_writing_less_or_being_interrupted(self):
        for error in ("short", errno.EINTR):
            self.try_all(Fault("write", error, path=str(self.directory)), harmless=True)

    def test_opening(self):
        for error in (errno.EMFILE, errno.EACCES):
            self.try_all(Fault("open", error))

    def test_renaming(self):
        self.try_all(Fault("rename", errno.EIO, path=BASE))

    def test_waiting_for_the_disk(self):
        self.try_all(Fault("sync", errno.EIO, path=str(self.directory)))

    def test_closing(self):
        self.try_all(Fault("close", errno.EIO, path=str(self.directory)))

    def test_making_directories(self):
        self.try_all(Fault("mkdir", errno.ENOSPC))

    def test_cutting(self):
        self.try_all(Fault("truncate", errno.EIO, path=str(self.directory)))


if __name__ == "__main__":
    support.main()
