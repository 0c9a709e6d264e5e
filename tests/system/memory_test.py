"""Memory and threads of a run: pages, touching, what is refused, and on which CPUs threads are."""
import os
import resource
import subprocess
import time
from pathlib import Path

import support
from support import connection, connections, write_pcap

PAGE_KINDS = {"hugetlb_1g", "hugetlb_2m", "transparent", "ordinary"}


class Pages(support.TestCase):
    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "first.pcap", connection())

    def replay(self, base, *flags, config=None):
        if config is not None:
            (self.directory / "tapstat.toml").write_text(config)
            flags = (*flags, "-c", "tapstat.toml")
        return self.run_tapstat("replay", "first.pcap", "-s", base, *flags)

    def memory(self, base):
        return support.summary(self.directory / base)["memory"]

    def test_the_plan_and_the_summary_say_what_was_taken(self):
        result = self.replay("out")
        self.assert_status(result, 0)
        self.assertRegex(result.out, r"\nmemory  at most [0-9.,]+ MiB, .*pages")
        summary = support.summary(self.directory / "out")
        pages = summary["memory"]["page_bytes"]
        self.assertEqual(set(pages), PAGE_KINDS)
        self.assertGreater(sum(pages.values()), 10 << 20)
        self.assertFalse(summary["memory"]["touched"])
        self.assertGreater(summary["start_ms"], 0)

    def test_small_pages_on_request(self):
        for number, (flags, config) in enumerate(
            ((("--no-huge-pages",), None), ((), '[memory]\nhugepages = "none"\n'))
        ):
            with self.subTest(number):
                base = f"out{number}"
                result = self.replay(base, *flags, config=config)
                self.assert_status(result, 0)
                self.assertRegex(result.out, r"\nmemory  at most [0-9.,]+ MiB, 4 KiB pages\n")
                pages = self.memory(base)["page_bytes"]
                self.assertEqual([k for k in pages if pages[k] > 0], ["ordinary"])
                self.assertEqual(len(support.rows(self.directory / base)), 1)

    def test_touching_when_told_to(self):
        settings = '[memory]\ntouch = "always"\n[flows]\ncapacity = 20_000\nudp_pairs = 1_000\n'
        for workers in (1, 2):
            with self.subTest(workers):
                base = f"out{workers}"
                result = self.replay(base, "--workers", workers, config=settings)
                self.assert_status(result, 0)
                self.assertIn(", all touched before the first packet", result.out)
                memory = self.memory(base)
                self.assertTrue(memory["touched"])
                self.assertGreater(memory["touch_ms"], 0)
                self.assertEqual(len(support.rows(self.directory / base)), 1)

    def test_a_large_table_for_a_small_capture_stays_untouched(self):
        self.assert_status(self.replay("out", "--flows", 1_000_000), 0)
        self.assertFalse(self.memory("out")["touched"])

    def test_more_than_the_machine_has_is_refused_before_anything_starts(self):
        for number, (word, setting) in enumerate((("required", "hugepages"), ("always", "touch"))):
            with self.subTest(word):
                # 100 million flows: more than 60 GiB.
                if (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) >> 30 > 60:
                    self.skipTest("this machine has a lot of memory")
                base = f"out{number}"
                result = self.replay(
                    base, "--flows", 100_000_000, config=f'[memory]\n{setting} = "{word}"\n'
                )
                self.assert_status(result, 6)
                self.assertIn(f'tapstat: {setting} = "{word}": ', result.err)
                self.assertFalse((self.directory / base).exists())

    def test_an_address_space_that_is_too_small_is_named_with_the_size(self):
        if not support.is_plain():
            self.skipTest("sanitizers need more address space than the test leaves")

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

        done = subprocess.run(
            [support.BINARY, "replay", "first.pcap", "-s", "out", "--flows", "50000000"],
            cwd=self.directory,
            preexec_fn=limit,
            capture_output=True,
            check=False,
        )
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertRegex(
            done.stderr.decode(), r"tapstat: no memory: \d+ MiB were asked for in one piece"
        )
        self.assertFalse((self.directory / "out").exists())

    def test_a_small_record_ring_loses_nothing(self):
        write_pcap(self.directory / "first.pcap", connections(500))
        result = self.replay("out", config="[memory]\nrecord_ring = 65\n")
        self.assert_status(result, 0)
        self.assertEqual(len(support.rows(self.directory / "out")), 500)
        self.assert_ledger_closes(self.directory / "out")


def cpus_of_threads(process):
    """{thread id: (name, set of CPUs)} of a running process."""
    found = {}
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        try:
            name = (task / "comm").read_text().strip()
            found[int(task.name)] = (name, os.sched_getaffinity(int(task.name)))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


class Threads(support.TestCase):
    def threads(self, *prefix):
        """The threads of an endless replay in full run."""
        write_pcap(self.directory / "many.pcap", connections(500))
        process = subprocess.Popen(
            [*prefix, str(support.BINARY), "replay", "many.pcap", "-s", "out", "--loop", "0", "-q"],
            cwd=self.directory,
        )
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.terminate)
        log = "*.out/log_tcp_complete"
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if any(f.stat().st_size > 100_000 for f in (self.directory / "out").glob(log)):
                break
            time.sleep(0.02)
        return cpus_of_threads(process)

    def test_others_keep_off_the_packet_core(self):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) < 2:
            self.skipTest("one CPU: everything shares it")
        if "sanitize=thread" in support.tapstat("--version").out:
            self.skipTest("the thread sanitizer has a thread of its own, which nobody places")
        threads = self.threads().values()
        packet = [allowed for name, allowed in threads if name.startswith("rte-worker")]
        others = [allowed for name, allowed in threads if not name.startswith("rte-worker")]
        self.assertEqual(packet, [{cpus[0]}])
        self.assertGreaterEqual(len(others), 2)
        for allowed in others:
            self.assertEqual(allowed, set(cpus[1:]))

    def test_one_cpu_is_shared(self):
        cpu = min(os.sched_getaffinity(0))
        for _, allowed in self.threads("taskset", "-c", str(cpu)).values():
            self.assertEqual(allowed, {cpu})


if __name__ == "__main__":
    support.main()
