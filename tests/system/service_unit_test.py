"""The files of packaging/: systemd's own tools accept the units, and their commands work."""
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import support
from serving import Serving

PACKAGING = support.SOURCE_ROOT / "packaging"
UNITS = support.BINARY.parent / "packaging"
EXPOSURE_MAX = 2.0


def run(*command, env=None):
    done = subprocess.run(
        [str(word) for word in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=support.TIMEOUT_S,
        env=env,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def commands(unit, key):
    """The words of each `key=` line."""
    lines = (UNITS / unit).read_text().splitlines()
    return [line.split("=", 1)[1].split() for line in lines if line.startswith(key + "=")]


def settings(unit):
    """Key and value of each line; repeated keys are joined by blanks."""
    values = {}
    for line in (UNITS / unit).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            values[key] = f"{values[key]} {value}" if key in values else value
    return values


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
class Units(support.TestCase):
    def setUp(self):
        super().setUp()
        # Verifying looks for the program, which may not be installed yet.
        for unit in ("tapstat.service", "tapstat@.service"):
            text = (UNITS / unit).read_text()
            installed = commands(unit, "ExecStart")[0][0]
            (self.directory / unit).write_text(text.replace(installed, str(support.BINARY)))

    def test_systemd_understands_every_line(self):
        for unit in ("tapstat.service", "tapstat@one.service"):
            with self.subTest(unit):
                status, _, complaints = run("systemd-analyze", "verify", self.directory / unit)
                ours = [line for line in complaints.splitlines() if "tapstat" in line]
                self.assertEqual(ours, [])
                self.assertEqual(status, 0, complaints)

    def test_a_wrong_line_would_be_noticed(self):
        path = self.directory / "tapstat.service"
        path.write_text(path.read_text().replace("ProtectSystem=", "ProtectSystm="))
        _, _, complaints = run("systemd-analyze", "verify", path)
        self.assertIn("Unknown key", complaints)

    def test_the_exposure_is_small(self):
        for unit in ("tapstat.service", "tapstat@.service"):
            with self.subTest(unit):
                status, report, complaints = run(
                    "systemd-analyze",
                    "security",
                    "--offline=true",
                    f"--threshold={EXPOSURE_MAX * 10:.0f}",
                    self.directory / unit,
                )
                self.assertEqual(status, 0, complaints)
                level = re.search(r"Overall exposure level for \S+: ([\d.]+)", report)
                self.assertLessEqual(float(level.group(1)), EXPOSURE_MAX)


class Contents(support.TestCase):
    def test_the_service_manager_watches_the_probe(self):
        for unit in ("tapstat.service", "tapstat@.service"):
            with self.subTest(unit):
                found = settings(unit)
                self.assertEqual(found["Type"], "notify")
                self.assertEqual(found["WatchdogSec"], "10")
                self.assertEqual(found["Restart"], "on-failure")
                # Rights that giving up the rest takes.
                self.assertIn("capset seccomp", found["SystemCallFilter"])

    def test_instances_share_nothing(self):
        single, instance = settings("tapstat.service"), settings("tapstat@.service")
        for key in ("RuntimeDirectory", "LogsDirectory", "StateDirectory", "WorkingDirectory"):
            with self.subTest(key):
                self.assertEqual(single[key] + "/%i", instance[key])
        self.assertEqual(instance["ExecStart"].split()[-1], "%E/tapstat/%i.toml")
        different = {key for key in single if single[key] != instance[key]}
        self.assertLessEqual(
            {key for key in different if not key.endswith("Directory")},
            {"Description", "ExecStartPre", "ExecStart"},
        )

    def test_the_check_before_the_start_accepts_the_configuration_as_shipped(self):
        (words,) = commands("tapstat.service", "ExecStartPre")
        self.assertEqual(words[1:], ["check", "%E/tapstat/tapstat.toml"])
        shutil.copytree(support.SOURCE_ROOT / "conf", self.directory / "tapstat")
        argument = words[2].replace("%E", str(self.directory))
        self.assert_status(self.run_tapstat(words[1], argument), 0)
        # What it protects from: a start with a wrong file.
        Path(argument).write_text("[flows]\ncapacty = 1\n")
        self.assert_status(self.run_tapstat(words[1], argument), 2)

    def test_reload_finds_the_probe_through_the_runtime_directory(self):
        (words,) = commands("tapstat.service", "ExecReload")
        runtime = self.directory / "run"
        runtime.mkdir()
        environment = {"RUNTIME_DIRECTORY": str(runtime)}
        self.assert_status(self.run_tapstat(*words[1:], env=environment), 6)
        conf = shutil.copy(support.SOURCE_ROOT / "conf/runtime.conf", self.directory)
        with Serving(
            self.directory, "-T", conf, local_socket=runtime / "tapstat-8888.sock"
        ) as probe:
            self.assert_status(self.run_tapstat(*words[1:], env=environment), 0)
            self.assertIsNone(probe.process.poll())


class Accounts(support.TestCase):
    @unittest.skipUnless(shutil.which("systemd-sysusers"), "systemd-sysusers is not installed")
    def test_the_user_has_a_group_and_no_shell(self):
        (self.directory / "etc").mkdir()
        status, _, complaints = run(
            "systemd-sysusers", f"--root={self.directory}", PACKAGING / "tapstat.sysusers"
        )
        self.assertEqual(status, 0, complaints)
        (line,) = (self.directory / "etc/passwd").read_text().splitlines()
        self.assertRegex(line, r"^tapstat:x?!?\*?:\d+:\d+:tapstat flow probe:/:\S*/nologin$")
        self.assertIn("tapstat:", (self.directory / "etc/group").read_text())

    @unittest.skipUnless(shutil.which("logrotate"), "logrotate is not installed")
    def test_logrotate_renames_the_audit_log_and_sends_the_signal(self):
        log, sent = self.directory / "audit.log", self.directory / "sent"
        log.write_text("a change\n")
        text = (PACKAGING / "tapstat.logrotate").read_text()
        text = text.replace("/var/log/tapstat", str(self.directory))
        text = text.replace("su tapstat tapstat", "")  # a user of this machine
        text = text.replace("systemctl kill", f"echo >{sent}")
        configuration = self.directory / "rotate.conf"
        configuration.write_text(text)
        configuration.chmod(0o644)
        status, _, complaints = run(
            shutil.which("logrotate"), "--force", "--state", self.directory / "state", configuration
        )
        self.assertEqual(status, 0, complaints)
        self.assertFalse(log.exists())
        self.assertEqual((self.directory / "audit.log.1").read_text(), "a change\n")
        self.assertEqual(
            sent.read_text().split(), ["--kill-whom=main", "--signal=HUP", "tapstat.service"]
        )


if __name__ == "__main__":
    for tool in ("systemd-analyze", "systemd-sysusers", "logrotate"):
        if shutil.which(tool) is None:
            print(f"skipped: what needs {tool}, which is not installed")
    support.main()
