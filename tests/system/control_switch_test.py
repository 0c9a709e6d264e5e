"""Column groups switched while packets flow: random switches at full load, a restart, runtime.conf
and its mirror. Every row must fit the header above it, and none may be lost."""
import json
import random
import re
import shutil
import time
import unittest

from serving import Serving, make_capture, wait_until
from support import SOURCE_ROOT, TestCase, main, summary

GROUPS = ("end_to_end", "options", "p2p", "layer7")
COLUMNS = {"end_to_end": 14, "options": 46, "p2p": 6, "layer7": 4}
BITS = {"end_to_end": 1, "layer7": 2, "p2p": 4, "options": 8}
SWITCHES = 1_000


def specification(probe, group, when, token):
    label = "tcp_options" if group == "options" else "p2p_stats" if group == "p2p" else group
    for path in re.findall(r"href='([^']+)'", probe.request("GET", "/capability")[2].decode()):
        message = json.loads(probe.request("GET", path)[2])
        if message["label"] == f"tstat-log_tcp_complete-{label}":
            return {
                "specification": "measure",
                "version": 0,
                "label": message["label"],
                "results": message["results"],
                "token": token,
                "when": when,
            }
    raise AssertionError(f"no capability {label}")


def has_header(probe, begin):
    """A log that has just been made may have no header yet."""
    return any(lines and lines[0].startswith(begin) for _, lines in probe.logs())


class SwitchingTestCase(TestCase):
    def assert_rows_fit(self, logs):
        """Number of data rows; each has as many fields as the header above it has names."""
        rows = 0
        for directory, lines in logs:
            self.assertTrue(lines and lines[0].startswith("#"), directory)
            bits = int(lines[0][1:3])
            columns = 42 + sum(COLUMNS[g] for g in GROUPS if bits & BITS[g])
            names = lines[0][4:].split(" ")
            self.assertEqual(len(names), columns, f"{directory}: {lines[0][:40]}")
            for number, line in enumerate(lines[1:], 2):
                self.assertEqual(len(line.split(" ")), columns, f"{directory}:{number}")
                self.assertFalse(line.startswith("#"), f"{directory}:{number}")
            rows += len(lines) - 1
        return rows

    def switch_at_random(self, connection, templates):
        """Specifications come and go over an HTTP connection; each message has its answer."""
        seeded = random.Random(4711)
        running = []
        for number in range(SWITCHES):
            group = seeded.choice(GROUPS)
            if running and seeded.random() < 0.5:
                token = running.pop(seeded.randrange(len(running)))
                message = {"interrupt": "measure", "version": 0, "token": token}
                wanted = "result"
            else:
                token = f"switch-{number}"
                message = {**templates[group], "token": token}
                running.append(token)
                wanted = "receipt"
                if len(running) > 12:
                    message = {"interrupt": "measure", "version": 0, "token": running.pop(0)}
                    running.pop()
                    wanted = "result"
            connection.request(
                "POST",
                "/",
                body=json.dumps(message),
                headers={"Content-Type": "application/x-mplane+json"},
            )
            answer = json.loads(connection.getresponse().read())
            self.assertIn(wanted, answer, (message, answer))


class Switching(SwitchingTestCase):
    def assert_nothing_lost(self, probe, status):
        self.assertEqual(status, 0)
        rows = self.assert_rows_fit(probe.logs())
        end = summary(probe.out)
        self.assertEqual(rows, end["counters"]["rows_complete_written"])
        self.assertEqual(
            end["counters"]["rows_complete_written"], end["counters"]["rows_complete_formatted"]
        )
        for equation in end["equations"]:
            self.assertEqual(equation["difference"], 0, equation)
        return rows

    def test_a_thousand_random_switches_at_full_load(self):
        capture = make_capture(self.directory / "load.pcap", count=3_000, gap_us=1_000)
        with Serving(
            self.directory,
            "-g",
            "none",
            "--workers",
            "2",
            "--mode",
            "corrected",
            capture=capture,
            speed="max",
        ) as probe:
            connection = probe.connect()
            templates = {g: specification(probe, g, "now + 5m", "") for g in GROUPS}
            self.switch_at_random(connection, templates)
            connection.close()
            status, lines = probe.stop()
            rows = self.assert_nothing_lost(probe, status)
            self.assertGreater(rows, 1_000)
            levels = [line for line in lines if "TCP log level set to" in line]
            opened = [line for line in lines if "created new outdir" in line]
            self.assertGreater(len(levels), SWITCHES / 4)
            # One directory for each change that was seen, and never one without a change.
            self.assertLessEqual(len(opened), len(levels) + 1)
            for (directory, _), line in zip(probe.logs(), opened):
                self.assertIn(str(directory), line)

    def test_a_running_specification_survives_a_restart(self):
        state = self.directory / "state"
        config = f'[mplane]\nstate_directory = "{state}"\n'
        with Serving(self.directory, "-g", "none", config=config) as probe:
            message = specification(probe, "end_to_end", "now + 6s", "kept")
            started = time.monotonic()
            self.assertIn("receipt", probe.mplane(message)[1])
            probe.stop()
        shutil.move(probe.out, self.directory / "before")
        with Serving(self.directory, "-g", "none", config=config) as probe:
            wait_until(lambda: has_header(probe, "#01#"))
            redeem = {"redemption": "measure", "version": 0, "token": "kept"}
            self.assertIn("receipt", probe.mplane(redeem)[1])
            probe.wait_for_line(r"TCP log level set to 0 ", timeout=10)
            self.assertAlmostEqual(time.monotonic() - started, 6.0, delta=1.0)
            self.assertIn("result", probe.mplane(redeem)[1])
            status, _ = probe.stop()
            self.assert_nothing_lost(probe, status)

    def test_runtime_conf_is_obeyed_within_a_second(self):
        conf = self.directory / "runtime.conf"
        conf.write_text((SOURCE_ROOT / "conf/runtime.conf").read_text())
        with Serving(self.directory, "-T", conf) as probe:
            seen = len(probe.lines)
            conf.write_text(
                "[options]\ntcplog_end_to_end = 0\ntcplog_layer7 = 0\n"
                "tcplog_p2p = 0\ntcplog_options = 1\n"
            )
            changed = time.monotonic()
            probe.wait_for_line(r"TCP log level set to 8 \(Core \+ Options\)", after=seen)
            probe.wait_for_line(r"created new outdir", after=seen)
            self.assertLess(time.monotonic() - changed, 10)
            # A file may be there a moment before its header.
            wait_until(
                lambda: probe.logs()[-1][1][:1] and probe.logs()[-1][1][0].startswith("#08#")
            )
            seen = len(probe.errors)
            conf.with_suffix(".new").write_text("[options]\ntcplog_end2end = 1\n")
            conf.with_suffix(".new").rename(conf)
            wait_until(lambda: len(probe.errors) > seen)
            self.assertEqual(
                probe.errors[-1][1],
                f'{conf}:2: unknown option "tcplog_end2end" in [options]. '
                'Did you mean "tcplog_end_to_end"? Keeping the previous settings.',
            )
            self.assertEqual(probe.request("GET", "/readyz")[0], 503)
            conf.write_text("[options]\ntcplog_options = 0\n")
            probe.wait_for_line(r"TCP log level set to 0 \(Core\)")
            wait_until(lambda: probe.request("GET", "/readyz")[0] == 200)
            conf.unlink()
            time.sleep(0.4)
            self.assertIsNone(probe.process.poll())
            status, _ = probe.stop()
            self.assert_nothing_lost(probe, status)

    def test_the_mirror_shows_what_is_on_and_an_edit_of_it_counts(self):
        mirror = self.directory / "mirror.conf"
        mirror.write_text(
            "# level 10 since 2010\n[options]\ntcplog_end_to_end=0 # ten\n"
            "tcplog_p2p = 0\n[log]\nlog_tcp_complete = 1\n"
        )
        with Serving(self.directory, "-g", "none", "--mirror", mirror) as probe:
            message = specification(probe, "end_to_end", "now + 1m", "m")
            self.assertIn("receipt", probe.mplane(message)[1])
            wait_until(lambda: "tcplog_end_to_end=1 # ten" in mirror.read_text())
            self.assertTrue(mirror.read_text().startswith("# level 10 since 2010\n"))
            mirror.write_text(mirror.read_text().replace("tcplog_p2p = 0", "tcplog_p2p = 1"))
            probe.wait_for_line(r"TCP log level set to 5 ")
            self.assertIn(
                "result", probe.mplane({"interrupt": "measure", "version": 0, "token": "m"})[1]
            )
            probe.wait_for_line(r"TCP log level set to 4 ")
            wait_until(lambda: "tcplog_end_to_end=0 # ten" in mirror.read_text())
            self.assertIn("receipt", probe.mplane({**message, "token": "n"})[1])
            wait_until(lambda: "tcplog_end_to_end=1 # ten" in mirror.read_text())
            status, _ = probe.stop()
            self.assert_nothing_lost(probe, status)
        self.assertIn("tcplog_end_to_end=0 # ten", mirror.read_text())
        self.assertIn("tcplog_p2p = 1", mirror.read_text())


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    main()
