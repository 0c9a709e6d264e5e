"""The lab tool from outside: what it reports, what it refuses, and how it stops."""
import json
import os
import re
import signal
import subprocess
import time

import support
from support import connections, ethernet, write_pcap


class Bench(support.TestCase):
    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "many.pcap", connections(300, gap_us=500))

    def bench(self, *arguments, **options):
        return self.run_tapstat("bench", "--seconds", "0.3", "--no-progress", *arguments, **options)

    def test_json_document(self):
        result = self.bench("many.pcap", "--flows", "2000", "--json")
        self.assert_status(result, 0)
        document = json.loads(result.out)
        load = document["load"]
        self.assertEqual(load["capture_packets"], 2400)
        self.assertEqual(load["capture_tcp_flows"], 300)
        wanted = 2000 / load["capture_flows_open_max"]
        self.assertLessEqual(abs(load["replicas"] - wanted), 0.5)
        self.assertGreater(load["flows_open"], 1000)
        self.assertLess(load["flows_open"], 3000)
        self.assertGreaterEqual(load["trackers"], 0)
        self.assertLess(load["trackers"], load["flows_open"])
        self.assertEqual(document["rounds"], 7)
        self.assertFalse(document["interrupted"])
        for figure in ("packet", "floor", "row"):
            ns = document[figure]["ns"]
            self.assertGreater(ns["median"], 0)
            self.assertLessEqual(ns["low_10_percent"], ns["median"])
        self.assertGreater(document["path_per_floor"], 1)
        self.assertGreater(document["flow_ns"]["of_six_packets"], 0)
        self.assertGreater(document["memory"]["bytes_per_flow"], 200)
        (worker,) = document["workers"]
        self.assertEqual(worker["flows_refused"], 0)
        self.assertEqual(worker["floor_missed"], 0)
        self.assertEqual(os.listdir(self.directory), ["many.pcap"])

    def test_table_of_both_modes(self):
        for mode in ("tstat", "corrected"):
            result = self.bench("many.pcap", "many.pcap", "--mode", mode, "--flows", "500")
            self.assert_status(result, 0)
            self.assertEqual(result.err, "")
            self.assertRegex(result.out, r"(?m)^worker path / floor +[\d.]+$")
            self.assertRegex(result.out, r"(?m)^rate +[\d.]+ [kM]pps, [\d.]+ [MG]b/s")
            self.assertIn("mode " + mode, result.out)

    def test_verbose_says_what_is_planned(self):
        result = self.bench("many.pcap", "--flows", "2000", "-v")
        self.assert_status(result, 0)
        self.assertRegex(result.err, r"\d+ replicas of \d+ flows, at most [\d.]+ MiB of memory")

    def test_workers_on_their_own_cores_or_in_turn(self):
        cores = len(os.sched_getaffinity(0))
        for workers in (cores, cores + 1):
            result = self.bench("many.pcap", "--flows", "1000", "--workers", workers, "--json")
            self.assert_status(result, 0)
            document = json.loads(result.out)
            self.assertEqual(len(document["workers"]), workers)
            pinned = {worker["cpu"] for worker in document["workers"]}
            if workers == cores:
                self.assertEqual(pinned, os.sched_getaffinity(0))
            else:
                self.assertEqual(pinned, {None})
                self.assertIn(f"{workers} workers share {cores} core", result.err)

    def test_what_it_refuses(self):
        arp = ethernet(b"\0" * 46, 0x0806)
        write_pcap(self.directory / "arp.pcap", [(0, arp)])
        middle = [packet for packet in support.connection()[3:5]]
        write_pcap(self.directory / "middle.pcap", middle)
        (self.directory / "text").write_text("not a capture")
        for arguments, status, text in (
            (["arp.pcap"], 3, "there is no TCP in the captures"),
            (["middle.pcap"], 3, "no TCP connection begins in the captures"),
            (["text"], 3, '"text" is not a pcap or pcapng file'),
            (["absent.pcap"], 3, "absent.pcap"),
            (["many.pcap", "--flows", "100000000"], 6, "Ask for fewer with --flows."),
        ):
            with self.subTest(arguments):
                result = self.bench(*arguments)
                self.assert_status(result, status)
                self.assertIn(text, result.err)
                self.assertEqual(result.out, "")

    def test_an_unreadable_capture_beside_a_good_one(self):
        result = self.bench("many.pcap", "absent.pcap", "--json")
        self.assert_status(result, 3)
        self.assertGreater(json.loads(result.out)["packets_per_s"], 0)

    def test_an_interrupt_reports_what_was_measured(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(
                [str(support.BINARY), "bench", "many.pcap", "--seconds", "600"],
                cwd=self.directory,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self.addCleanup(process.kill)
            time.sleep(1.5)
            process.send_signal(number)
            out, _ = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 0)
            self.assertRegex(out.decode(), r"(?m)^stopped after \d+ of 300 rounds$")
            self.assertRegex(out.decode(), r"(?m)^packet, worker path +\d")

    def test_help_shows_examples_and_defaults(self):
        result = self.run_tapstat("bench", "--help")
        self.assert_status(result, 0)
        self.assertLess(result.out.index("Examples:"), result.out.index("Options:"))
        self.assertTrue(re.search(r"--snap BYTES.*128", result.out, re.S))


if __name__ == "__main__":
    support.main()
