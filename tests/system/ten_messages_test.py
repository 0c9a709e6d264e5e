"""The ten messages about usual mistakes: wording, stream and exit status of each.

What needs a network card, vfio or a second socket is in tests/unit/control/preflight_test.cc, with
the facts of a machine that is made up; here the same messages come from this machine, as far as it
can make these mistakes.
"""
import gzip
import os
import re
import shutil
import socket
from pathlib import Path

import support
from serving import Serving, make_capture, wait_until
from support import connection, pcap_bytes, write_pcap


def can_run_live():
    return "Usage:\n  tapstat run" in support.tapstat("run", "--help").out


def routed_card():
    """(PCI address, interface) of a card with a kernel driver and the default route, or None."""
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        words = line.split()
        device = Path("/sys/class/net") / words[0] / "device"
        if words[1] != "00000000" or not device.exists():
            continue
        for part in reversed(device.resolve().parts):
            if (Path("/sys/bus/pci/devices") / part).exists():
                return part, words[0]
    return None


class Case(support.TestCase):
    def said(self, *arguments, status, **options):
        """Lines on standard error, without Tstat's warning about a missing -N; results on standard
        output never repeat them."""
        result = self.run_tapstat(*arguments, **options)
        self.assert_status(result, status)
        lines = [
            line
            for line in result.err.splitlines()
            if not line.startswith(("Warning: -N option", "         All subnets"))
        ]
        self.assertFalse(set(lines) & set(result.out.splitlines()), "messages are no results")
        return lines

    def unprivileged(self):
        """A prefix that runs a command as an ordinary user."""
        if os.geteuid() != 0:
            return ()
        if shutil.which("setpriv") is None:
            self.skipTest("needs setpriv to leave root")
        return ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


class Captures(Case):
    def test_1_not_there(self):
        write_pcap(self.directory / "first.pcap", connection())
        self.assertEqual(
            self.said("replay", "frist.pcap", status=3),
            [
                'tapstat: cannot read capture "frist.pcap": no such file. '
                'Did you mean "first.pcap"?'
            ],
        )

    def test_2_compressed(self):
        (self.directory / "trace.pcap").write_bytes(gzip.compress(pcap_bytes(connection())))
        result = self.run_tapstat("replay", "trace.pcap", "-s", "out", env={"TMPDIR": "/tmp"})
        self.assert_status(result, 0)
        self.assertRegex(
            result.err,
            r'(?m)^tapstat: "trace\.pcap" is gzip data, not a capture\. It will be unpacked to '
            r"/tmp \(about [0-9.]+ k?B\); use --no-unpack to refuse\.$",
        )

    def test_2_something_else(self):
        (self.directory / "notes.txt").write_text("Hello, these are notes.\n")
        self.assertEqual(
            self.said("replay", "notes.txt", status=3),
            ['tapstat: "notes.txt" is not a pcap or pcapng file (first bytes 48 65 6c 6c).'],
        )


@support.unittest.skipUnless(can_run_live(), "this tapstat has no command run")
class LivePorts(Case):
    """Messages 3 to 6, from this machine."""

    def configure(self, text):
        (self.directory / "tapstat.toml").write_text(text)
        return ("run", "-c", "tapstat.toml", "-s", "out")

    def test_4_a_card_with_its_kernel_driver(self):
        card = routed_card()
        if card is None:
            self.skipTest("no PCI card carries the default route")
        lines = self.said("run", "-i", card[0], "-s", "out", status=6)
        self.assertTrue(
            any(
                line.startswith(f'tapstat: "{card[1]}" carries the default route: binding it cuts ')
                and f"sudo driverctl set-override {card[0]} vfio-pci   It will vanish" in line
                and line.endswith(f"To try without binding: tapstat run -i {card[1]}")
                for line in lines
            ),
            lines,
        )

    def test_5_no_right_to_capture(self):
        names = sorted(set(os.listdir("/sys/class/net")) - {"lo"})
        names = [name for name in names if (Path("/sys/class/net") / name / "ifindex").exists()]
        if not names:
            self.skipTest("no network interface")
        self.directory.chmod(0o777)
        lines = self.said("run", "-i", names[0], "-s", "out", status=6, prefix=self.unprivileged())
        self.assertIn(
            f'tapstat: live capture on "{names[0]}" needs CAP_NET_RAW. Run: sudo setcap '
            "cap_net_raw+ep $(which tapstat), or use tapstat replay.",
            lines,
        )

    def test_6_wrong_cores(self):
        online = os.cpu_count()
        cores = f"0-{online + 6}"
        command = self.configure(f'# one port\n[ports.lo]\nkernel = true\ncores = "{cores}"\n')
        lines = self.said(*command, status=2)
        self.assertTrue(
            any(
                line.startswith(f'tapstat: cores "{cores}": this machine has {online} (')
                and line.endswith(". tapstat.toml:4")
                for line in lines
            ),
            lines,
        )


class Configuration(Case):
    def configure(self, text):
        (self.directory / "tapstat.toml").write_text(text)
        write_pcap(self.directory / "first.pcap", connection())
        return ("replay", "first.pcap", "-s", "out", "-c", "tapstat.toml")

    def test_7_key_misspelt(self):
        command = self.configure("\n" * 10 + '[ports."0000:3b:00.0"]\nquues = 4\n')
        self.assertEqual(
            self.said(*command, status=2),
            [
                'tapstat.toml:12:1: unknown key "quues" in [ports."0000:3b:00.0"]. '
                'Did you mean "queues"?'
            ],
        )

    def test_7_while_running(self):
        conf = self.directory / "runtime.conf"
        conf.write_text("[options]\ntcplog_p2p = 0\n")
        with Serving(self.directory, "-T", "runtime.conf") as probe:
            new = self.directory / "new.conf"
            new.write_text("#\n" * 7 + "[options]\ntcplog_end2end = 1\n")
            seen = len(probe.errors)
            new.rename(conf)
            wait_until(lambda: len(probe.errors) > seen)
            self.assertEqual(
                probe.errors[-1][1],
                'runtime.conf:9: unknown option "tcplog_end2end" in [options]. '
                'Did you mean "tcplog_end_to_end"? Keeping the previous settings.',
            )
            self.assertEqual(probe.stop()[0], 0)

    def test_8_value_out_of_range(self):
        command = self.configure("\n" * 18 + '[output.tstat]\nrotate   = "1x"\n')
        self.assertEqual(
            self.said(*command, status=2),
            ['tapstat.toml:20:12: rotate = "1x": not a duration. ' 'Examples: "30s", "5m", "1h".'],
        )


class Places(Case):
    def setUp(self):
        super().setUp()
        make_capture(self.directory / "c.pcap", count=3)

    def test_9_output_nearly_full(self):
        """Fifty rows of half a kilobyte each second for the last few pages of a small disk."""
        out, size = self.mount("out", 4 << 20), 4 << 20
        self.mount("spool", size)
        (out / "ballast").write_bytes(b"x" * (size // 20 * 19))
        make_capture(self.directory / "c.pcap", count=100, gap_us=20_000)
        config = '[output.tstat]\nspool = "spool"\n'
        with Serving(self.directory, capture=self.directory / "c.pcap", config=config) as probe:
            wait_until(lambda: any(" full (" in line for _, line in probe.errors), timeout=60)
            said = [line for _, line in probe.errors if " full (" in line]
            self.assertRegex(
                said[0],
                rf"^tapstat: {re.escape(str(out))} is 98 % full \([0-9.]+ kB free; at the present "
                r"rate [0-9]+ seconds?\)\. Records go to the spool; see on_full\.$",
            )
            self.assertEqual(probe.stop()[0], 0)

    def test_9_output_not_possible(self):
        out = self.directory / "out"
        out.mkdir(mode=0o755)
        self.directory.chmod(0o755)
        prefix = self.unprivileged()
        if not prefix:
            self.skipTest("needs root to make a directory of somebody else")
        self.assertEqual(
            self.said("replay", "c.pcap", "-s", "out", status=6, prefix=prefix),
            [
                'tapstat: directory "out" cannot be written by uid 65534 (owner root, '
                "mode 0755). Choose another with -s."
            ],
        )

    def test_10_port_taken(self):
        name = Path("/proc/self/comm").read_text().strip()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            lines = self.said(
                "replay", "c.pcap", "-s", "out", "--serve", "--listen", address, status=6
            )
        self.assertIn(
            f'tapstat: {address} is in use by "{name}" (pid {os.getpid()}). '
            "Set [control] listen or stop that process.",
            lines,
        )

    def test_10_without_tls(self):
        lines = self.said(
            "replay", "c.pcap", "-s", "out", "--serve", "--listen", "0.0.0.0:8888", status=2
        )
        self.assertIn(
            'tapstat: [control] listen = "0.0.0.0:8888" without TLS. Add certificate, key and '
            "client_ca, or listen on 127.0.0.1.",
            lines,
        )


class NoNoise(Case):
    def test_dpdk_speaks_with_vv_only(self):
        write_pcap(self.directory / "first.pcap", connection())
        for flags, speaks in (((), False), (("-v",), False), (("-vv",), True)):
            done = self.run_tapstat("replay", "first.pcap", "-s", "out", *flags)
            self.assert_status(done, 0)
            self.assertEqual("EAL: " in done.err, speaks, done.err)


if __name__ == "__main__":
    support.main()
