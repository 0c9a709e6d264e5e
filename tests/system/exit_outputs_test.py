"""Files of exit records from outside: which run makes which, hours, kills, and any number of
workers."""
import json
import subprocess
import time

import support
from support import T0_US, connection, connections, directories, write_pcap
from web100_records import (
    all_records,
    complaints,
    hour_of,
    leftovers,
    measured,
    published,
    read_records,
    write_shifted,
)

HOUR_US = 3_600_000_000
TO_FULL_HOUR_US = HOUR_US - T0_US % HOUR_US  # from the start of write_pcap's captures
KILLED_AFTER_S = (0.2, 0.35, 0.6)
LEFT = "was left by a process that did not end in order"
NODE = "probe1"


class ExitOutputs(support.TestCase):
    def setUp(self):
        super().setUp()
        self.capture = write_pcap(self.directory / "in.pcap", connections(50))

    def replay(self, *arguments, output="web100", base="out", capture=None, status=0):
        done = self.run_tapstat(
            "replay", capture or self.capture, "-o", output, "-s", base, *arguments
        )
        self.assert_status(done, status)
        return done

    def configured(self, text):
        (self.directory / "t.toml").write_text(f"[output.web100]\n{text}\n")
        return "t.toml"

    def records(self, base="out", count=None):
        self.assertEqual(complaints(self.directory / base), "")
        self.assertEqual(leftovers(self.directory / base), [])
        found = all_records(self.directory / base)
        if count is not None:
            self.assertEqual(len(found), count)
        return found

    # ---- which run makes which files ----

    def test_alone_they_make_no_directory_of_logs(self):
        done = self.replay()
        self.records(count=50)
        self.assertEqual(directories(self.directory / "out"), [])
        (path,) = published(self.directory / "out")
        self.assertRegex(done.out, r"\n +[^\n]* web100 exit +50 ")
        self.assertRegex(done.out, rf"\nexits   .*{path.name} \(1 file, ")
        self.assertNotIn("files   none", done.out)

    def test_beside_the_logs_both_are_written(self):
        done = self.replay(output="tstat,web100")
        self.records(count=50)
        self.assertRegex(done.out, r"\nfiles   .*\nexits   ")
        self.assertEqual(len(support.rows(self.directory / "out")), 50)
        self.assert_ledger_closes(self.directory / "out")
        self.replay(output="tstat", base="logs")
        self.assertEqual(published(self.directory / "logs"), [])
        self.assertEqual(
            support.log_lines(self.directory / "logs"), support.log_lines(self.directory / "out")
        )

    def test_the_file_switches_them_on_and_names_the_place(self):
        file = self.configured(f'enabled = true\nnode = "{NODE}"\ndirectory = "there"')
        done = self.run_tapstat("replay", self.capture, "-c", file, "-s", "out")
        self.assert_status(done, 0)
        self.records("there", 50)
        (path,) = published(self.directory / "there")
        self.assertEqual(path.parent.name, NODE)
        self.assertEqual(published(self.directory / "out"), [])

    def test_the_ledger_closes(self):
        opened = connection(client_port=50_000, start_us=100)
        write_pcap(self.directory / "in.pcap", connections(50) + opened[:4] + opened[:1])
        file = self.configured('exclude = ["192.0.2.7/32"]')
        done = self.replay("--json", "-c", file)
        document = json.loads(done.out)
        counters = document["counters"]
        self.assertTrue(document["difference_is_zero"])
        self.assertEqual(counters["exit_connections_opened"], 51)
        self.assertEqual(counters["exit_connections_unfinished"], 1)
        self.assertEqual(counters["exit_records_excluded"], 1)
        self.assertEqual(counters["exit_connections_excluded"], 1)
        self.assertEqual(counters["exit_records_written"], 49)
        self.records(count=49)

    def test_a_second_run_overwrites_nothing(self):
        self.replay()
        (first,) = published(self.directory / "out")
        before = first.read_bytes()
        self.replay()
        one, two = published(self.directory / "out")
        self.assertEqual((one, one.read_bytes()), (first, before))
        self.assertTrue(two.name.endswith("_ALL1.web100"))
        self.assertEqual(
            sorted(map(str, map(measured, read_records(one)))),
            sorted(map(str, map(measured, read_records(two)))),
        )

    # ---- hours ----

    def test_each_record_is_in_the_file_of_its_hour(self):
        across = connections(60, start_us=TO_FULL_HOUR_US - 60_000_000, gap_us=2_000_000)
        write_pcap(self.capture, across)
        later = write_shifted(self.capture, self.directory / "later.pcap", 24 * HOUR_US)
        for base, capture in (("out", self.capture), ("next_day", later)):
            self.replay(base=base, capture=capture)
            self.records(base, 60)
            first, second = published(self.directory / base)
            for path in (first, second):
                for record in read_records(path):
                    self.assertEqual(hour_of(record), path.name[:11])
            # A connection lasts 70 ms and lingers 5 s.
            self.assertEqual((len(read_records(first)), len(read_records(second))), (28, 32))
        self.assertIn("SideStream/2017/07/15/", str(published(self.directory / "next_day")[0]))

    def test_hours_are_published_while_the_run_goes_on(self):
        """20 s before the hour, then 180 s behind it, in some five seconds."""
        write_pcap(self.capture, connections(200, TO_FULL_HOUR_US - 20_000_000, 1_000_000))
        for workers in ("1", "2"):
            base = self.directory / f"out_{workers}"
            process = subprocess.Popen(
                [support.BINARY, "replay", "in.pcap", "-o", "tstat,web100", "-s", base, "--json"]
                + ["--speed", "x40", "--workers", workers],
                cwd=self.directory,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.addCleanup(process.kill)
            deadline = time.monotonic() + support.TIMEOUT_S
            while not (found := published(base)):
                self.assertIsNone(process.poll(), "the hour was published at the end only")
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            first = found[0].read_bytes()
            counters = json.loads(process.communicate()[0])["counters"]
            self.assertEqual(process.returncode, 0)
            self.assertEqual(published(base)[0].read_bytes(), first)
            self.assertEqual(counters["exit_records_late"], 0)
            self.records(base.name, 200)
            # Those that were over before the hour was.
            self.assertEqual(len(read_records(published(base)[0])), 15)

    def test_no_record_of_a_long_run_is_late(self):
        """Twelve rounds of a quarter of an hour as fast as can be."""
        write_pcap(self.capture, connections(450, gap_us=2_000_000))
        for workers in (1, 2, 3):
            base = f"out_{workers}"
            done = self.replay("--loop", "12", "--workers", workers, "--json", base=base)
            counters = json.loads(done.out)["counters"]
            self.assertEqual(counters["exit_records_late"], 0)
            self.assertEqual(counters["exit_segments_dropped"], 0)
            self.records(base, 12 * 450)
            self.assertGreaterEqual(len(published(self.directory / base)), 3)
            for path in published(self.directory / base):
                for record in read_records(path):
                    self.assertEqual(hour_of(record), path.name[:11])

    # ---- any number of workers ----

    def test_any_number_of_workers_writes_the_same_records(self):
        file = self.configured("both_views = true\nincomplete = true\nunfinished = true")
        packets = connections(300, gap_us=40_000)
        write_pcap(self.capture, packets[: len(packets) * 3 // 4])
        for mode in ("tstat", "corrected"):
            seen = []
            for workers in (1, 2, 3):
                base = f"{mode}_{workers}"
                self.replay("-c", file, "--mode", mode, "--workers", workers, base=base)
                found = self.records(base)
                cids = {record["cid"] for record in found}
                self.assertEqual(len(cids), len(found))
                rows = [str({**record, "cid": 0}) for record in found]
                seen.append(sorted(rows))
            self.assertGreater(len(seen[0]), 400)
            self.assertEqual(seen[1], seen[0])
            self.assertEqual(seen[2], seen[0])

    # ---- kill -9 ----

    def kill_one(self, delay_s):
        """A run that is killed so long after it has begun to write; returns what it has said."""
        before = leftovers(self.directory / "out")
        process = subprocess.Popen(
            [support.BINARY, "replay", "in.pcap", "-o", "web100", "-s", "out", "--speed", "x200"],
            cwd=self.directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.addCleanup(process.kill)
        deadline = time.monotonic() + support.TIMEOUT_S
        while leftovers(self.directory / "out") in ([], before):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        time.sleep(delay_s)
        process.kill()
        return process.communicate()[0]

    def test_kill_leaves_whole_files_and_the_next_run_publishes_the_rest(self):
        write_pcap(self.capture, connections(20_000, gap_us=100_000))
        whole, said = {}, []
        for delay_s in KILLED_AFTER_S:
            said.append(self.kill_one(delay_s))
            for path, data in whole.items():
                self.assertEqual(path.read_bytes(), data)
            whole = {p: p.read_bytes() for p in published(self.directory / "out")}
        (left,) = leftovers(self.directory / "out")
        lines = left.read_text().count("\nC: ")
        write_pcap(self.capture, connections(50))
        said.append(self.replay().out)
        self.assertNotIn(LEFT, said[0])
        for text in said[1:]:
            self.assertIn(LEFT, text)
        for path, data in whole.items():
            self.assertEqual(path.read_bytes(), data)
        files = published(self.directory / "out")
        self.assertEqual(len(files), len(KILLED_AFTER_S) + 1)
        self.records(count=sum(data.count(b"\nC: ") for data in whole.values()) + lines + 50)

    # ---- settings ----

    def refused(self, *words, parts):
        done = self.run_tapstat(*words)
        self.assert_status(done, 2)
        for part in parts:
            self.assertIn(part, done.err)

    def test_what_cannot_be_is_refused(self):
        for output in ("web10", "tstat,", "tstat,web100,more"):
            self.refused("replay", self.capture, "-o", output, "-s", "out", parts=("web100",))
        for text, parts in (
            ('lingr = "5s"', ("lingr", "linger")),
            ('node = "a/b"', ("a/b",)),
            ('keys = ["MinRTT", "Nonsense"]', ("Nonsense",)),
            ('keys = ["SACK", "SACKEnabled"]', ("SACK",)),
            ('exclude = ["300.0.0.0/8"]', ("300.0.0.0/8",)),
            ('rtt_scope = "local"', ("rtt_scope", "local")),
            ("incomplete = 1", ("incomplete",)),
        ):
            with self.subTest(text):
                file = self.configured(text)
                self.refused("check", file, parts=parts)
                self.refused(
                    "replay", self.capture, "-c", file, "-o", "web100", "-s", "out", parts=parts
                )
        self.assertFalse((self.directory / "out").exists())

    def test_the_section_is_described_and_checked(self):
        described = self.run_tapstat("describe", "config").out
        for key in ("linger", "both_views", "per_local_address", "size_max"):
            self.assertIn(f"[output.web100] {key} ", described)
        file = self.configured(f'enabled = true\nnode = "{NODE}"\nkeys = ["full"]\nlinger = "1s"')
        self.assert_status(self.run_tapstat("check", file), 0)

    def test_key_lists(self):
        for keys, columns in ((["default"], 105), (["full"], 121), (["MinRTT", "PktsOut"], 10)):
            file = self.configured(f"keys = {json.dumps(keys)}")
            base = f"out_{columns}"
            self.replay("-c", file, base=base)
            for record in self.records(base, 50):
                self.assertEqual(len(record), columns)


if __name__ == "__main__":
    support.main()
