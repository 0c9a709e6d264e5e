"""`--source`: whatever brings the packets, the rows, the counters and the exit status are the same.

The first part compares all three sources over captures (those of the tests always, those of the
reference material when it is there), the second the behaviour of a source: rounds, pace, several
captures, workers, interruption, what is printed.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import support
from support import connection, connections, pcap_bytes, write_pcap

CAPTURES_PER_RUN = 8
SOURCES = ("dpdk", "file", "preloaded")
# What differs between two runs of one source as well, and the source itself.
VARIABLE = (
    "source",
    "start_ms",
    "memory",
    "memory_ceiling_bytes",
    "wall_s",
    "packets_per_s",
    "bits_per_s",
    "output",
)


def outcome(source, captures, base, *flags):
    """Everything a run says and writes that must not depend on the source."""
    out = base / source
    result = support.tapstat(
        "replay", *captures, "-s", out, "--source", source, "--json", "-q", *flags
    )
    files = {}
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.name.startswith("log_"):
            files[str(path.relative_to(out))] = path.read_bytes()
    document = json.loads(result.out) if result.out else {}
    for name in VARIABLE:
        document.pop(name, None)
    return {
        "status": result.status,
        "errors": result.err,
        "document": document,
        "files": files,
    }


def differences(captures, *flags, rows_in_any_order=False):
    """How the outcomes of the sources differ, as a list of sentences."""
    with tempfile.TemporaryDirectory(prefix="tapstat_sources_") as name:
        outcomes = {s: outcome(s, captures, Path(name), *flags) for s in SOURCES}
    if rows_in_any_order:
        for found in outcomes.values():
            found["files"] = {
                path: sorted(text.splitlines()) for path, text in found["files"].items()
            }
    return [
        f"{[str(c) for c in captures]} {flags}: {part} of {source} and dpdk differ"
        for source in SOURCES[1:]
        for part in outcomes["dpdk"]
        if outcomes[source][part] != outcomes["dpdk"][part]
    ]


def own_captures():
    root = support.SOURCE_ROOT
    return sorted(
        p
        for folder in ("tests/golden", "tests/fuzz/corpus/fuzz_capfile", "examples")
        for p in (root / folder).rglob("*")
        if p.suffix == ".pcap" or p.parent.name == "fuzz_capfile"
    )


def compare_all(captures, *flags):
    """A few captures in each run: the start of the program costs more than most of them."""
    parts = [captures[i : i + CAPTURES_PER_RUN] for i in range(0, len(captures), CAPTURES_PER_RUN)]
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda part: differences(part, *flags), parts)
        return [sentence for sentences in found for sentence in sentences]


class SameOutcome(unittest.TestCase):
    def same(self, captures, *flags):
        self.assertGreater(len(captures), 0)
        self.assertEqual(compare_all(captures, *flags), [])

    def test_captures_of_the_tests(self):
        self.same(own_captures())

    def test_captures_of_the_tests_in_corrected_mode(self):
        self.same(own_captures()[::3], "--mode", "corrected")

    def reference(self):
        shared = support.shared_directory()
        if shared is None:
            self.skipTest("no reference material; set TAPSTAT_SHARED to its directory")
        return shared

    def test_reference_captures(self):
        shared = self.reference()
        captures = sorted((shared / "corpus/valid").rglob("*.*cap*"))
        self.same(captures)
        self.assertEqual(differences(captures, "--mode", "corrected"), [])

    def test_malformed_reference_captures(self):
        shared = self.reference()
        files = sorted(p for p in (shared / "corpus/malformed").iterdir() if p.suffix != ".tsv")
        self.same(files)

    def test_made_bad_inputs(self):
        shared = self.reference()
        with tempfile.TemporaryDirectory(prefix="tapstat_made_") as made:
            subprocess.run(
                [sys.executable, str(shared / "tools/bad-inputs/make_bad_inputs.py"), made],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            self.same(sorted(p for p in Path(made).iterdir() if p.suffix != ".tsv"))

    def test_crafted_cases(self):
        shared = self.reference()
        self.same(sorted((shared / "specs/tstat-tcp-cases").glob("*.pcap")))


class Behaviour(support.TestCase):
    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "first.pcap", connection())
        write_pcap(self.directory / "many.pcap", connections(500))

    def many(self):
        return self.directory / "many.pcap"

    def test_rounds(self):
        self.assertEqual(differences([self.many()], "--loop", "3"), [])
        # A round of few packets comes again while the last one may be under way.
        self.assertEqual(
            differences(
                [self.directory / "first.pcap"],
                "--loop",
                "50",
                "--workers",
                "3",
                "--mode",
                "corrected",
                rows_in_any_order=True,
            ),
            [],
        )

    def test_several_captures_are_one_run(self):
        self.assertEqual(
            differences([self.many(), self.directory / "first.pcap"], "--loop", "2"), []
        )

    def test_several_workers(self):
        self.assertEqual(
            differences(
                [self.many()],
                "--workers",
                "2",
                "--mode",
                "corrected",
                "--loop",
                "5",
                rows_in_any_order=True,
            ),
            [],
        )

    def test_pace(self):
        # first.pcap takes 70 ms of packet time.
        for source in SOURCES:
            result = self.run_tapstat(
                "replay",
                "first.pcap",
                "-s",
                source,
                "--source",
                source,
                "--speed",
                "x0.1",
                "--json",
            )
            self.assert_status(result, 0)
            wall_s = json.loads(result.out)["wall_s"]
            self.assertGreaterEqual(wall_s, 0.7, source)
            self.assertLess(wall_s, 20, source)

    def test_a_capture_that_shrinks_meanwhile(self):
        """Neither a crash nor silence: what was there is processed, status 4."""
        for source in ("dpdk", "file"):
            packets = connections(5000, gap_us=100)
            path = write_pcap(self.directory / f"{source}.pcap", packets)
            process = subprocess.Popen(
                [
                    str(support.BINARY),
                    "replay",
                    path,
                    "-s",
                    self.directory / source,
                    "--source",
                    source,
                    "--speed",
                    "x0.2",
                    "--json",
                    "--no-progress",
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self.addCleanup(process.kill)
            deadline = time.monotonic() + 20
            while not support.directories(self.directory / source):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            os.truncate(path, len(pcap_bytes([])) + 100)
            out, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 4, err)
            self.assertIn(b"ended before its counted end", err)
            document = json.loads(out)
            self.assertTrue(document["difference_is_zero"])
            self.assertLess(document["counters"]["rx_packets"], len(packets))

    def test_interrupted(self):
        for source in SOURCES:
            process = subprocess.Popen(
                [
                    str(support.BINARY),
                    "replay",
                    self.many(),
                    "-s",
                    self.directory / source,
                    "--source",
                    source,
                    "--loop",
                    "0",
                    "--json",
                    "--workers",
                    "2",
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self.addCleanup(process.kill)
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 0, err)
            self.assertTrue(json.loads(out)["difference_is_zero"])

    def test_what_is_said(self):
        for source, sentence in (
            ("file", "source  file: read directly, not through DPDK's port\n"),
            ("preloaded", "source  preloaded: read into memory before the start\n"),
        ):
            result = self.run_tapstat("replay", "first.pcap", "-s", source, "--source", source)
            self.assert_status(result, 0)
            self.assertIn(sentence, result.out)
            self.assertEqual(support.summary(self.directory / source)["source"], source)
        result = self.run_tapstat("replay", "first.pcap", "-s", "usual")
        self.assertNotIn("\nsource  ", result.out)
        self.assertEqual(support.summary(self.directory / "usual")["source"], "dpdk")

    def test_from_the_configuration_file(self):
        (self.directory / "tapstat.toml").write_text('[replay]\nsource = "preloaded"\n')
        flags = ("replay", "first.pcap", "-c", "tapstat.toml", "--dry-run", "--json")
        plan = json.loads(self.run_tapstat(*flags, "-q").out)["plan"]
        self.assertEqual(plan["source"], "preloaded")
        plan = json.loads(self.run_tapstat(*flags, "-q", "--source", "file").out)["plan"]
        self.assertEqual(plan["source"], "file")

    def test_a_misspelt_name(self):
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", "--source", "preload")
        self.assert_status(result, 2)
        self.assertIn(
            'tapstat: --source "preload": must be dpdk, file or preloaded. '
            'Did you mean "preloaded"?\n',
            result.err,
        )


if __name__ == "__main__":
    support.main()
