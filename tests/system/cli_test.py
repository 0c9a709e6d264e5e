"""The command line of the real binary: exit status, stream and wording of what it says."""
import gzip
import json
import os
import re

import support
from support import connection, connections, write_pcap


class Answers(support.TestCase):
    """Commands that need no capture."""

    def test_version_names_what_the_binary_is(self):
        result = self.run_tapstat("--version")
        self.assert_status(result, 0)
        self.assertRegex(
            result.out,
            r"^tapstat \d+\.\d+\.\d+\ncommit  \S+\nDPDK    \d+\.\d+\.\d+\nbuild   buildtype=",
        )

    def test_help_starts_with_examples(self):
        for words in (["--help"], ["replay", "--help"]):
            result = self.run_tapstat(*words)
            self.assert_status(result, 0)
            self.assertLess(result.out.index("Examples:"), result.out.index("Options:"))
        self.assertIn("[180000; 1000000 with --mode corrected]", result.out)

    def test_describe_has_three_forms(self):
        for what, word in (
            ("columns", "c_pkts_all"),
            ("counters", "rx_packets"),
            ("config", "[flows] capacity"),
        ):
            self.assertIn(word, self.run_tapstat("describe", what).out)
            json.loads(self.run_tapstat("describe", what, "--json").out)
            self.assertIn("|", self.run_tapstat("describe", what, "--markdown").out)

    def test_nothing_typed_is_ignored(self):
        for words, text in (
            (
                ["replay", "x", "--worker", "2"],
                'unknown flag "--worker". Did you mean "--workers"?',
            ),
            (["repaly", "x"], 'unknown command "repaly". Did you mean "replay"?'),
            (["replay", "x", "-g", "core,ptp"], 'unknown column group "ptp". Did you mean "p2p"?'),
            (["replay", "x", "--mode", "tsat"], 'Did you mean "tstat"?'),
            (["replay", "x", "--speed", "10"], '--speed "10": must be max, realtime or xN'),
            ([], "a command is missing"),
            (["replay"], "replay needs a capture file"),
        ):
            result = self.run_tapstat(*words)
            self.assert_status(result, 2)
            self.assertTrue(result.err.startswith("tapstat: "), result.err)
            self.assertIn(text, result.err)
            self.assertEqual(result.out, "")


class ConfigurationMistakes(support.TestCase):
    """Mistakes 7 and 8 of the ten, and their relatives: exit 2, nothing started, all listed."""

    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "first.pcap", connection())

    def refused(self, *flags):
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", *flags)
        self.assert_status(result, 2)
        self.assertEqual(result.out, "")
        self.assertFalse((self.directory / "out").exists())
        return result.err

    def test_unknown_key(self):
        (self.directory / "tapstat.toml").write_text(
            "\n" * 10 + '[ports."0000:3b:00.0"]\nquues = 4\n'
        )
        self.assertIn(
            'tapstat.toml:12:1: unknown key "quues" in [ports."0000:3b:00.0"]. '
            'Did you mean "queues"?\n',
            self.refused("-c", "tapstat.toml"),
        )

    def test_value_out_of_range(self):
        (self.directory / "tapstat.toml").write_text(
            "\n" * 18 + '[output.tstat]\nrotate   = "1x"\n'
        )
        self.assertIn(
            'tapstat.toml:20:12: rotate = "1x": not a duration. Examples: "30s", "5m", "1h".\n',
            self.refused("-c", "tapstat.toml"),
        )

    def test_runtime_conf(self):
        (self.directory / "runtime.conf").write_text("#\n" * 7 + "[options]\ntcplog_end2end = 1\n")
        self.assertIn(
            'runtime.conf:9: unknown option "tcplog_end2end" in [options]. '
            'Did you mean "tcplog_end_to_end"?\n',
            self.refused("-T", "runtime.conf"),
        )

    def test_mistakes_of_all_files_are_listed(self):
        (self.directory / "t.toml").write_text("[flows]\ncapacity = 0\nx = 1\n")
        (self.directory / "r.conf").write_text("[log]\nnope\n")
        (self.directory / "nets").write_text("10.0.0.0/40\nfoo\n")
        err = self.refused("-c", "t.toml", "-T", "r.conf", "-N", "nets")
        places = re.findall(r"^(\S+?:\d+(?::\d+)?): ", err, re.MULTILINE)
        self.assertEqual(places, ["t.toml:2:12", "t.toml:3:1", "r.conf:2", "nets:1", "nets:2"])

    def test_environment(self):
        (self.directory / "t.toml").write_text(
            '[output.tstat]\ndirectory = "file"\n[log]\nschema = "tstat-3.3"\n'
        )
        environment = {
            "TAPSTAT_OUTPUT_TSTAT_DIRECTORY": "variable",
            "TAPSTAT_OUTPUT_TSTAT_GROUPS": "p2p",
        }
        command = ["replay", "first.pcap", "-c", "t.toml"]
        self.assert_status(self.run_tapstat(*command, env=environment), 0)
        header = support.log_lines(self.directory / "variable")[0]
        self.assertTrue(header.startswith("#04#") and " c_iscrypto:" in header, header)
        self.assert_status(self.run_tapstat(*command, "-s", "flag", env=environment), 0)
        self.assertTrue((self.directory / "flag").is_dir())
        self.assertFalse((self.directory / "file").exists())
        result = self.run_tapstat(
            "describe", "config", "--origin", "-c", "t.toml", "--json", env=environment
        )
        origins = {
            (value["section"], value["key"]): (value["value"], value["origin"])
            for value in json.loads(result.out)["values"]
        }
        self.assertEqual(origins["log", "schema"], ("tstat-3.3", "t.toml:4"))
        self.assertEqual(
            origins["output.tstat", "directory"], ("variable", "TAPSTAT_OUTPUT_TSTAT_DIRECTORY")
        )
        self.assertEqual(origins["log", "http_url"], ("0", "default"))
        wrong = {"TAPSTAT_FLOWS_CAPACITY": "x"}
        for words in (command, ["check", "t.toml"], ["describe", "config", "--origin"]):
            result = self.run_tapstat(*words, env=wrong)
            self.assert_status(result, 2)
            self.assertIn('tapstat: TAPSTAT_FLOWS_CAPACITY = "x": must be a whole', result.err)

    def test_missing_files(self):
        for flag in ("-c", "-T", "-N"):
            self.assertIn('cannot read "nothere": no such file.', self.refused(flag, "nothere"))

    def test_check_says_the_same_and_starts_nothing(self):
        (self.directory / "tapstat.toml").write_text("[flows]\ncapacity = 0\n")
        result = self.run_tapstat("check")
        self.assert_status(result, 2)
        self.assertIn("tapstat.toml:2:12: capacity = 0", result.err)
        (self.directory / "tapstat.toml").write_text(
            "[flows]\ncapacity = 5\n[network]\ntunnel_depth = 3\n"
        )
        (self.directory / "nets").write_text("10.0.0.0/8\nfc00::/7\n")
        result = self.run_tapstat("check", "tapstat.toml", "-N", "nets")
        self.assert_status(result, 0)
        self.assertEqual(result.out, "tapstat.toml: acceptable\nnets: acceptable\n")
        self.assertIn("accepted, not built yet: [network] tunnel_depth", result.err)

    def test_the_shipped_files_are_acceptable(self):
        conf = support.SOURCE_ROOT / "conf"
        result = self.run_tapstat(
            "check", conf / "tapstat.toml", "-N", conf / "net.internal", "-T", conf / "runtime.conf"
        )
        self.assert_status(result, 0)


class Replay(support.TestCase):
    """What a run prints and where."""

    def setUp(self):
        super().setUp()
        write_pcap(self.directory / "first.pcap", connection())

    def test_table_and_lines_on_standard_output(self):
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", "-g", "all")
        self.assert_status(result, 0)
        self.assertIn("input   first.pcap: pcap, Ethernet, 8 packets", result.out)
        self.assertIn("groups  core end_to_end p2p options layer7", result.out)
        self.assertIn(
            "[Fri Jul 14 02:40:00 2017] created new outdir out/2017_07_14_02_40.out\n", result.out
        )
        self.assertRegex(result.out, r"received +8 +tcp complete +1 ")
        self.assertRegex(result.out, r"difference +0")
        self.assertIn(
            "next: column -ts' ' out/2017_07_14_02_40.out/log_tcp_complete | less -S", result.out
        )
        self.assertIn(
            "-N option not specified.\n         All subnets are assumed to be internal\n",
            result.err,
        )
        self.assertEqual(len(support.rows(self.directory / "out")), 1)
        self.assert_ledger_closes(self.directory / "out")

    def test_quiet_prints_nothing(self):
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", "-q")
        self.assert_status(result, 0)
        self.assertEqual((result.out, result.err), ("", ""))

    def test_json_is_one_object_and_equals_the_file(self):
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", "--json")
        self.assert_status(result, 0)
        document = json.loads(result.out)
        self.assertEqual(document, support.summary(self.directory / "out"))
        self.assertEqual(document["inputs"][0]["packets"], 8)
        self.assertEqual(
            {log: rows for log, rows in document["output"]["rows"].items() if rows},
            {"log_tcp_complete": 1},
        )
        self.assertEqual(
            (document["mode"], document["schema"], document["exit_status"]), ("tstat", "mplane", 0)
        )
        counters = json.loads(
            (support.directories(self.directory / "out")[0] / "counters.json").read_text()
        )
        self.assertEqual(counters["counters"], document["counters"])
        self.assertEqual(counters["counters"]["rx_packets"], 8)

    def test_dry_run_writes_nothing(self):
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", "--dry-run")
        self.assert_status(result, 0)
        self.assertIn("output  out: log_tcp_complete log_tcp_nocomplete", result.out)
        self.assertEqual(os.listdir(self.directory), ["first.pcap"])
        plan = json.loads(self.run_tapstat("replay", "first.pcap", "--dry-run", "--json").out)[
            "plan"
        ]
        self.assertEqual(plan["output"], "first.pcap.out")
        self.assertEqual(os.listdir(self.directory), ["first.pcap"])

    def test_default_directory_is_named_after_the_capture(self):
        self.assert_status(self.run_tapstat("replay", "first.pcap", "-q"), 0)
        self.assertEqual(len(support.rows(self.directory / "first.pcap.out")), 1)

    def test_a_second_run_never_touches_the_first(self):
        for _ in range(3):
            self.assert_status(self.run_tapstat("replay", "first.pcap", "-s", "out", "-q"), 0)
        names = {path.name for path in support.directories(self.directory / "out")}
        self.assertEqual(names, {f"2017_07_14_02_40.out{suffix}" for suffix in ("", "_1", "_2")})

    def test_groups_and_schema_shape_the_header(self):
        for flags, number, columns in (
            (["-g", "none"], "00", 42),
            (["-g", "end_to_end"], "01", 56),
            (["-g", "all"], "15", 112),
            (["--schema", "tstat-3.3"], "15", 134),
            (["-g", "all,advanced", "--schema", "tstat-3.3"], "31", 134),
        ):
            out = self.directory / f"out{number}{columns}"
            self.assert_status(self.run_tapstat("replay", "first.pcap", "-s", out, "-q", *flags), 0)
            header = support.log_lines(out)[0]
            self.assertTrue(header.startswith(f"#{number}#c_ip:1 c_port:2 "), header[:40])
            self.assertEqual(len(header.split(" ")), columns)
            self.assertEqual(len(support.rows(out)[0].split(" ")), columns)

    def test_runtime_conf_speaks_like_tstat(self):
        (self.directory / "runtime.conf").write_text(
            "[log]\nhisto_engine = 0\nlog_tcp_nocomplete = 0\nlog_http_complete = 1\n"
            "[options]\ntcplog_p2p = 0\n"
        )
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", "-T", "runtime.conf")
        self.assert_status(result, 0)
        self.assertIn(
            "[-] Disabling histo engine logs\n[-] Disabling log_tcp_nocomplete\n"
            "[-] Enabling log_http_complete\n"
            "[-] TCP log level set to 11 (Core + End_to_end + Layer7 + Options)\n",
            result.out,
        )
        self.assertNotIn("not built", result.err)
        names = os.listdir(support.directories(self.directory / "out")[0])
        logs = ["log_http_complete", "log_mm_complete", "log_tcp_complete", "log_udp_complete"]
        self.assertEqual(sorted(names), ["counters.json", *logs, "summary.json"])
        result = self.run_tapstat(
            "replay", "first.pcap", "-s", "out2", "-T", "runtime.conf", "-g", "p2p"
        )
        self.assertIn("[-] TCP log level set to 4 (Core + P2P)\n", result.out)
        self.assertIn(
            "-g decides about the column groups, runtime.conf about the logs.", result.err
        )

    def test_tapstat_toml_is_obeyed_and_flags_win(self):
        (self.directory / "nets").write_text("192.0.2.0/24\n")
        (self.directory / "t.toml").write_text(
            '[network]\ninternal = "nets"\n[log]\nschema = "tstat-3.3"\n'
            '[measurement]\nmode = "corrected"\n'
            '[output.tstat]\ndirectory = "logs"\ncompress = "gzip"\ngroups = ["end_to_end"]\n'
        )
        self.assert_status(self.run_tapstat("replay", "first.pcap", "-c", "t.toml", "-q"), 0)
        document = support.summary(self.directory / "logs")
        self.assertEqual((document["mode"], document["schema"]), ("corrected", "tstat-3.3"))
        packed = support.directories(self.directory / "logs")[0] / "log_tcp_complete.gz"
        header, row = gzip.decompress(packed.read_bytes()).decode().splitlines()
        self.assertTrue(header.startswith("#01#"))
        names = [cell.split(":")[0] for cell in header[4:].split(" ")]
        self.assertEqual(
            (row.split(" ")[names.index("c_isint")], row.split(" ")[names.index("s_isint")]),
            ("1", "0"),
        )
        self.assert_status(
            self.run_tapstat(
                "replay", "first.pcap", "-c", "t.toml", "-q", "-s", "mine", "--mode", "tstat"
            ),
            0,
        )
        self.assertEqual(support.summary(self.directory / "mine")["mode"], "tstat")

    def test_rotation_by_packet_time(self):
        packets = connection() + connection(client_port=40001, start_us=7_200_000_000)
        write_pcap(self.directory / "long.pcap", packets)
        (self.directory / "t.toml").write_text('[output.tstat]\nrotate = "1h"\n')
        self.assert_status(
            self.run_tapstat("replay", "long.pcap", "-c", "t.toml", "-s", "out", "-q"), 0
        )
        self.assertEqual(len(support.directories(self.directory / "out")), 2)
        self.assertEqual(len(support.rows(self.directory / "out")), 2)

    def test_loops_shift_the_times(self):
        self.assert_status(
            self.run_tapstat("replay", "first.pcap", "-s", "out", "-q", "--loop", "3"), 0
        )
        lines = support.rows(self.directory / "out")
        self.assertEqual(len(lines), 3)
        firsts = [float(line.split(" ")[28]) for line in lines]
        self.assertEqual(firsts, sorted(set(firsts)))
        self.assertEqual(support.summary(self.directory / "out")["counters"]["rx_packets"], 24)

    def test_endless_loop_over_no_packets_ends(self):
        write_pcap(self.directory / "empty.pcap", [])
        self.assert_status(
            self.run_tapstat("replay", "empty.pcap", "-s", "out", "-q", "--loop", "0"), 0
        )

    def test_copied_frames_are_left_out_when_asked_for(self):
        twice = [(us + copy * 100, frame) for us, frame in connection() for copy in (0, 1)]
        write_pcap(self.directory / "twice.pcap", twice)
        for flags, retransmitted, filtered in (
            ([], True, False),
            (["--discard-duplicates"], False, True),
        ):
            base = self.directory / f"out{len(flags)}"
            self.assert_status(
                self.run_tapstat("replay", "twice.pcap", "-s", str(base), "-q", *flags), 0
            )
            cells = support.rows(base)[0].split(" ")
            self.assertEqual(int(cells[9]) > 0, retransmitted)  # c_pkts_retx
            counters = support.summary(base)["counters"]
            self.assertEqual(counters["dropped_filtered"] > 0, filtered)

    def test_speed_paces_the_packets(self):
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", "--json", "--speed", "x0.1")
        self.assertGreater(json.loads(result.out)["wall_s"], 0.6)  # 0.07 s of traffic

    def test_workers_do_not_change_the_rows_of_corrected_mode(self):
        write_pcap(self.directory / "many.pcap", connections(400))
        for workers in (1, 2):
            self.assert_status(
                self.run_tapstat(
                    "replay",
                    "many.pcap",
                    "-s",
                    f"out{workers}",
                    "-q",
                    "--mode",
                    "corrected",
                    "--workers",
                    workers,
                ),
                0,
            )
            self.assert_ledger_closes(self.directory / f"out{workers}")
        one, two = (sorted(support.rows(self.directory / f"out{workers}")) for workers in (1, 2))
        self.assertEqual(len(one), 400)
        self.assertEqual(one, two)

    def test_colour_only_when_asked_for(self):
        self.assertIn(
            "\033[1mWarning:\033[0m",
            self.run_tapstat("replay", "first.pcap", "-s", "a", "--color", "always").err,
        )
        self.assertNotIn("\033", self.run_tapstat("replay", "first.pcap", "-s", "b").err)

    def test_a_full_flow_table_is_a_counted_loss(self):
        write_pcap(self.directory / "many.pcap", connections(50, gap_us=10))
        result = self.run_tapstat(
            "replay",
            "many.pcap",
            "-s",
            "out",
            "--json",
            "--flows",
            "10",
            "--fail-on-loss",
        )
        self.assert_status(result, 5)
        self.assertIn(
            "flows that found no room in the flow table: 40. Give it more with --flows.", result.err
        )
        document = json.loads(result.out)
        refused = document["counters"]["flows_refused_table_full"]
        self.assertEqual(refused, 40)
        self.assertEqual(len(support.rows(self.directory / "out")), 10)
        self.assert_ledger_closes(self.directory / "out")
        result = self.run_tapstat(
            "replay",
            "many.pcap",
            "-s",
            "out2",
            "-q",
            "--flows",
            "10",
            "--fail-on-loss=80",
        )
        self.assert_status(result, 0)

    def test_a_full_flow_table_makes_room_in_corrected_mode(self):
        write_pcap(self.directory / "many.pcap", connections(50, gap_us=10))
        command = ["replay", "many.pcap", "-s", "out", "--json", "--flows", "10"]
        command += ["--mode", "corrected"]
        result = self.run_tapstat(*command, "--fail-on-loss")
        self.assert_status(result, 5)
        self.assertIn("flows that ended early to make room in the flow table: 40. ", result.err)
        document = json.loads(result.out)
        self.assertEqual(document["counters"]["flows_evicted"], 40)
        self.assertEqual(document["counters"]["flows_refused_table_full"], 0)
        self.assertEqual(document["counters"]["flows_exported"], 50)
        self.assert_ledger_closes(self.directory / "out")
        self.assert_status(self.run_tapstat(*command, "--fail-on-loss=80"), 0)

    def test_flows_without_an_internal_side_are_counted_and_named(self):
        (self.directory / "nets").write_text("10.0.0.0/8\nfc00::/7\n")
        result = self.run_tapstat("replay", "first.pcap", "-s", "out", "-N", "nets")
        self.assert_status(result, 0)
        self.assertEqual(support.rows(self.directory / "out"), [])
        self.assertIn("flows without an internal side, not logged: 1. See -N.", result.err)
        self.assertRegex(result.out, r"neither side internal +1")
        self.assert_ledger_closes(self.directory / "out")


if __name__ == "__main__":
    support.main()
