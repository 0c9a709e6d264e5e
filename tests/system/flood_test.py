"""Floods beside known flows, small ones: nothing that was established notices, and nothing grows.

Usage: flood_test.py TAPSTAT SYNFLOOD_GEN. `scripts/flood.py` does the same at full size.
"""
import sys
import unittest
from pathlib import Path

import support

sys.path.insert(0, str(support.SOURCE_ROOT / "scripts"))
import flood  # noqa: E402

GENERATOR = Path(sys.argv[2] if len(sys.argv) > 2 else "build/bench/synflood_gen").resolve()
RATE, SECONDS, KNOWN = 20_000, 2.5, 300
# Room for a handshake whose SYN is repeated after a second, and for an answer after 0.2 s.
CONFIG = """
[flows]
capacity = 30_000
half_open = 30_000
udp_pairs = 8_000
[output.trace]
filter = "tcp"
"""
NO_STATE = ("ack", "fragments", "others")


class Floods(support.TestCase):
    def setUp(self):
        super().setUp()
        (self.directory / "small.toml").write_text(CONFIG)

    def generate(self, kind):
        capture = self.directory / f"{kind}.pcap"
        return capture, flood.generate(GENERATOR, kind, capture, RATE, SECONDS, KNOWN)

    def replay(self, capture, name, *flags):
        run = flood.replay(support.BINARY, capture, self.directory / name, "-q", *flags)
        self.assertEqual(run.status, 0, name)
        self.assertEqual(run.open_equations(), [], name)
        self.assertEqual(run.counters["dropped_other"], 0)
        return run

    def assert_known_rows_are_the_same(self, reference, run):
        expected = flood.rows(reference.directory)
        self.assertGreater(len(expected), KNOWN * 0.9)
        lost, wrong = flood.differences(expected, flood.rows(run.directory))
        self.assertEqual((list(lost)[:1], list(wrong)[:1]), ([], []), run.directory.name)

    def test_known_rows_are_exact_in_corrected_mode(self):
        flags = ("--mode", "corrected", "--logs", "usual", "-c", self.directory / "small.toml")
        for kind in (*flood.KINDS, "connections"):
            capture, known = self.generate(kind)
            reference = self.replay(known, f"{kind}.known", *flags)
            for workers in (1, 2):
                with self.subTest(kind=kind, workers=workers):
                    run = self.replay(capture, f"{kind}.{workers}", "--workers", workers, *flags)
                    self.assert_known_rows_are_the_same(reference, run)
                    created = ("flows_created", "udp_flows_created")
                    opened = [run.counters[c] - reference.counters[c] for c in created]
                    if kind in NO_STATE:
                        self.assertEqual(opened, [0, 0])
                    else:
                        self.assertGreater(sum(opened), RATE * SECONDS / 4)
                    self.assertEqual(run.counters["flows_refused_table_full"], 0)

    def test_the_share_of_a_flood_is_bounded_and_counted(self):
        flags = ("--mode", "corrected", "-c", self.directory / "small.toml")
        for kind, counter in (("syn", "flows_evicted"), ("udp", "udp_flows_evicted")):
            with self.subTest(kind):
                capture, _ = self.generate(kind)
                run = self.replay(capture, f"{kind}.share", *flags)
                self.assertGreater(run.counters[counter], 10_000)
                if support.is_plain():
                    self.assertLess(run.peak_bytes, run.ceiling_bytes + (128 << 20))

    def test_exit_records_and_traces_go_on(self):
        flags = ("--mode", "corrected", "-o", "tstat,web100", "-c", self.directory / "small.toml")
        for kind in ("flows", "ack"):
            capture, known = self.generate(kind)
            reference = self.replay(known, f"{kind}.exit", *flags)
            expected = flood.exit_records(reference.directory)
            self.assertGreater(len(expected), KNOWN / 2)
            for workers in (1, 2):
                with self.subTest(kind=kind, workers=workers):
                    name = f"{kind}.exit.{workers}"
                    traces = ("--trace", self.directory / f"{name}.traces")
                    run = self.replay(capture, name, "--workers", workers, *traces, *flags)
                    self.assert_known_rows_are_the_same(reference, run)
                    got = flood.exit_records(run.directory)
                    lost, wrong = flood.differences(expected, got)
                    self.assertEqual((list(lost)[:1], list(wrong)[:1]), ([], []))
                    self.assertGreater(run.counters["trace_written"], RATE * SECONDS / 4)

    def test_tstat_mode_with_room_for_the_flood(self):
        for kind in ("syn", "udp", "ack"):
            with self.subTest(kind):
                capture, known = self.generate(kind)
                reference = self.replay(known, f"{kind}.known", "--mode", "tstat")
                run = self.replay(capture, f"{kind}.tstat", "--mode", "tstat")
                self.assertEqual(run.counters["flows_refused_table_full"], 0)
                self.assert_known_rows_are_the_same(reference, run)

    def test_tstat_mode_refuses_when_full_as_tstat_does_and_says_so(self):
        capture, known = self.generate("flows")
        flags = ("--mode", "tstat", "-c", self.directory / "full.toml")
        (self.directory / "full.toml").write_text("[flows]\ncapacity = 2_000\nudp_pairs = 2_000\n")
        run = self.replay(capture, "full", *flags)
        counters = run.counters
        refused = counters["flows_refused_table_full"] + counters["udp_flows_refused_table_full"]
        self.assertGreater(refused, 10_000)
        self.assertEqual(counters["dropped_table_full"], refused)
        self.assertEqual(counters["flows_evicted"] + counters["udp_flows_evicted"], 0)
        # Of the known flows those that began before it was full are there.
        expected = flood.rows(self.replay(known, "alone", *flags).directory)
        lost, _ = flood.differences(expected, flood.rows(run.directory))
        self.assertGreater(len(expected) - len(lost), 0)

    def test_a_limit_on_new_flows(self):
        (self.directory / "rate.toml").write_text("[flows]\nmax_new_per_s = 1_000\n")
        capture, _ = self.generate("flows")
        for mode in ("tstat", "corrected"):
            with self.subTest(mode):
                flags = ("--mode", mode, "-c", self.directory / "rate.toml")
                counters = self.replay(capture, f"{mode}.rate", *flags).counters
                refused = counters["flows_refused_rate"] + counters["udp_flows_refused_rate"]
                self.assertEqual(counters["dropped_flow_rate"], refused)
                opened = counters["flows_created"] + counters["udp_flows_created"]
                span = run_seconds(self.directory / f"{mode}.rate")
                self.assertLessEqual(opened, 1_000 * (span + 2))
                self.assertGreater(refused, RATE)


def run_seconds(base):
    """Packet time from the first to the last packet, in whole seconds."""
    (document,) = [support.summary(base)]
    return int(document["traffic_s"]) + 1


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    support.main()
