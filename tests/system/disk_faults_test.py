"""Disks that are full, broken, read-only, gone or slow while a run writes to them, and too few
descriptors: what is lost is counted with status 5, no line is torn, one log's fault is no other's,
and writing goes on by itself when the cause is gone."""
import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import time

import support
from injected_faults import Fault, FaultTestCase
from support import connections, write_pcap
from web100_records import all_records

CONNECTIONS = 2000
PACED = ("--speed", "x1")  # CONNECTIONS at a gap of 2 ms take four seconds

CORRECTED = ("--mode", "corrected")
TRACED = (*CORRECTED, "--trace", "traces", "--trace-filter", "tcp")


class DiskFaults(FaultTestCase):
    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "in.pcap", connections(CONNECTIONS, gap_us=2_000))
        self.out = self.directory / "out"

    def start(self, *arguments, env=None, before=None):
        process = subprocess.Popen(
            [support.BINARY, "replay", "in.pcap", "-s", "out", "--json", *arguments],
            cwd=self.directory,
            env={**os.environ, "TZ": "UTC", **(env or {})},
            preexec_fn=before,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.kill)
        return process

    def wait_for_rows(self, process, count=1):
        deadline = time.monotonic() + support.TIMEOUT_S
        while not support.directories(self.out) or len(support.rows(self.out)) < count:
            self.assertIsNone(process.poll(), "the run has ended")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def finish(self, process, status):
        """The document of a run that ends so, its ledger closed."""
        out, err = process.communicate(timeout=support.TIMEOUT_S)
        self.assertEqual(process.returncode, status, err.decode())
        document = json.loads(out)
        self.assertTrue(document["difference_is_zero"])
        document["messages"] = err.decode()
        return document

    def lost(self, document):
        return document["counters"]["rows_complete_dropped_write_error"]

    def rows_without_traces(self):
        self.finish(self.start(*CORRECTED), 0)
        rows = sorted(support.rows(self.out))
        shutil.rmtree(self.out)
        return rows

    def test_a_full_disk_that_gets_room_again(self):
        """I5, I9: the rows before and after the gap are there, whole; those of the gap counted."""
        self.mount("out", 1 << 20)
        ballast = self.out / "ballast"
        ballast.write_bytes(b"x" * 900_000)
        process = self.start(*PACED)
        self.wait_for_rows(process)
        with open(ballast, "ab", buffering=0) as file, self.assertRaises(OSError) as full:
            while True:
                file.write(b"x" * 4096)
        self.assertEqual(full.exception.errno, errno.ENOSPC)
        time.sleep(2.2)  # longer than rows wait for their flush
        ballast.unlink()
        document = self.finish(process, 5)
        self.assertGreater(self.lost(document), 0)
        self.assertIn("No space left on device", document["messages"])
        self.assert_logs_are_whole(self.out)
        self.assert_rows_are_those_counted(document, self.out)
        last = max(int(row.split()[1]) for row in support.rows(self.out))
        self.assertEqual(last, 1024 + CONNECTIONS - 1, "the last row was written again")

    def test_errors_of_the_disk_that_go_away(self):
        """log_tcp_complete cannot be written for two seconds; other files are not hit (I10)."""
        self.need_preload()
        cause = self.directory / "cause"
        for error in (errno.EIO, errno.EROFS):
            with self.subTest(error):
                shutil.rmtree(self.out, ignore_errors=True)
                fault = Fault("write", error, 1, 0, path="/log_tcp_complete", only_while=cause)
                process = self.start(*PACED, "-o", "tstat,web100", env=fault.environment())
                self.wait_for_rows(process)
                cause.touch()
                time.sleep(2.2)
                cause.unlink()
                document = self.finish(process, 5)
                self.assertIn(os.strerror(error), document["messages"])
                written = len(support.rows(self.out))
                self.assertEqual(written + self.lost(document), CONNECTIONS)
                self.assertTrue(0 < written < CONNECTIONS, written)
                self.assertEqual(len(all_records(self.out)), CONNECTIONS)
                self.assert_logs_are_whole(self.out)
                self.assert_published_files_are_whole(self.out)

    def test_a_directory_that_is_removed(self):
        """The run goes on in a new one; rows between are counted."""
        process = self.start(*PACED)
        self.wait_for_rows(process)
        self.out.rename(self.directory / "removed")
        shutil.rmtree(self.directory / "removed")
        document = self.finish(process, 5)
        self.assertIn("log_tcp_complete", document["messages"])
        self.assertGreater(self.lost(document), 0)
        self.assert_logs_are_whole(self.out)
        last = max(int(row.split()[1]) for row in support.rows(self.out))
        self.assertEqual(last, 1024 + CONNECTIONS - 1, "the last row was written again")

    def test_descriptors_that_are_all_taken(self):
        """As few as a start needs: every number is either enough or ends with a sentence."""
        if not support.is_plain():
            self.skipTest("sanitizers need descriptors of their own to look at memory")
        statuses = set()
        for limit in (8, 12, 16, 20, 24, 32, 64):
            shutil.rmtree(self.out, ignore_errors=True)
            process = self.start(
                "-o",
                "tstat,web100",
                before=lambda n=limit: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n)),
            )
            out, err = process.communicate(timeout=support.TIMEOUT_S)
            result = support.Result(subprocess.CompletedProcess([], process.returncode, out, err))
            with self.subTest(limit):
                self.assert_no_defect(result, "out")
            statuses.add(process.returncode)
        self.assertIn(0, statuses)
        self.assertGreater(len(statuses), 1, "no limit was too low: nothing is tested")

    def test_a_slow_disk_keeps_every_row_of_a_replay(self):
        """I9 for a file: the source waits, nothing is lost."""
        self.need_preload()
        fault = Fault("write", 0, path="/log_tcp", delay_us=200_000)
        document = self.finish(self.start(env=fault.environment()), 0)
        self.assertEqual(document["output"]["rows"]["log_tcp_complete"], CONNECTIONS)
        self.assertEqual(len(support.rows(self.out)), CONNECTIONS)

    def test_a_slow_disk_for_traces_changes_no_row(self):
        """Nothing but the trace writer waits for it, as long as its ring has room."""
        self.need_preload()
        expected = self.rows_without_traces()
        fault = Fault("write", 0, path=".tra", delay_us=700_000)
        began = time.monotonic()
        document = self.finish(self.start(*TRACED, env=fault.environment()), 0)
        self.assertGreater(time.monotonic() - began, 0.7, "nothing was slow: nothing is tested")
        self.assertEqual(sorted(support.rows(self.out)), expected)
        self.assertEqual(document["counters"]["trace_written"], 8 * CONNECTIONS)
        self.assert_published_files_are_whole(self.directory / "traces")

    def test_no_room_for_traces_changes_no_row(self):
        """Every write of traces fails: their packets are counted as lost, nothing else is."""
        self.need_preload()
        expected = self.rows_without_traces()
        fault = Fault("write", errno.EIO, 1, 0, path=".tra")
        document = self.finish(self.start(*TRACED, env=fault.environment()), 5)
        self.assertEqual(sorted(support.rows(self.out)), expected)
        self.assertEqual(document["counters"]["trace_dropped_disk"], 8 * CONNECTIONS)
        self.assertEqual(document["counters"]["rows_complete_written"], CONNECTIONS)

    def test_a_stop_while_the_disk_is_slow_loses_nothing(self):
        self.need_preload()
        fault = Fault("write", 0, path="/log_tcp", delay_us=200_000)
        process = self.start("--loop", "0", env=fault.environment())
        self.wait_for_rows(process)
        process.send_signal(signal.SIGINT)
        document = self.finish(process, 0)
        self.assert_rows_are_those_counted(document, self.out)


if __name__ == "__main__":
    support.main()
