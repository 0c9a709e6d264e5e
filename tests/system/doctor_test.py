"""tapstat doctor and host-setup: on a machine that is made up, and on this one without changing
it."""
import json
import os
from pathlib import Path

import support
from made_machine import PAGES, MadeMachine

HUGE_PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")


class Doctor(support.TestCase):
    def setUp(self):
        super().setUp()
        self.root = self.directory / "copy"

    def doctor(self, *flags):
        return self.run_tapstat("doctor", "--sysroot", self.root, *flags)

    def test_a_machine_that_is_slower_than_it_could_be(self):
        MadeMachine(self.root)
        result = self.doctor()
        self.assert_status(result, 0)
        self.assertEqual(result.err, "")
        lines = result.out.splitlines()
        self.assertIn("cpu        Made-up 20-Core", lines)
        self.assertIn(
            "enp59s0f0  0000:3b:00.0 Intel X710, driver i40e, NUMA node 1, PCIe 8.0 GT/s x8, "
            "10.0 Gb/s",
            lines,
        )
        self.assertIn("ok       vfio       the IOMMU is on.", lines)
        self.assertRegex(lines[-1], r"^Nothing prevents tapstat run: 0 warnings, \d notes\.$")
        self.assertNotIn("disk", result.out, "it is not this machine's disk")

    def test_a_machine_that_is_not_ready(self):
        MadeMachine(self.root, capabilities="0000000000000000")
        result = self.doctor()
        self.assert_status(result, 6)
        self.assertIn("problem  limits     live capture needs CAP_NET_RAW", result.out)
        self.assertIn("repair: sudo setcap cap_net_raw+ep $(which tapstat)\n", result.out)
        self.assertRegex(result.out, r"1 problem prevents tapstat run; .*\.\n$")

    def test_json_has_the_facts_and_the_findings(self):
        MadeMachine(self.root, capabilities="0000000000000000")
        result = self.doctor("--json")
        self.assert_status(result, 6)
        document = json.loads(result.out)
        self.assertFalse(document["ready"])
        self.assertEqual(
            [finding["id"] for finding in document["findings"] if finding["level"] == "problem"],
            ["net-raw"],
        )
        self.assertEqual(document["nodes"][1]["hugepages"][0]["free"], 256)
        cards = {device["interface"]: device for device in document["devices"]}
        self.assertEqual(cards["enp59s0f0"]["driver"], "i40e")
        self.assertTrue(cards["eno1"]["default_route"])
        self.assertFalse(cards["enp59s0f0"]["default_route"])

    def test_a_copy_must_be_one(self):
        result = self.doctor()
        self.assert_status(result, 2)
        self.assertIn("there is no proc and sys in this directory", result.err)

    def test_this_machine(self):
        document = json.loads(self.run_tapstat("doctor", "--json").out)
        self.assertEqual(
            sorted(os.sched_getaffinity(0)), numbers(document["cpus"]["allowed"]), document["cpus"]
        )
        here = {device["interface"] for device in document["devices"]}
        names = {name for name in os.listdir("/sys/class/net") if name != "lo"}
        names = {name for name in names if (Path("/sys/class/net") / name).is_dir()}
        self.assertLessEqual(names, here)
        self.assertIn("free_bytes", document["disk"])
        self.assertEqual(os.listdir(self.directory), [], "nothing was written")

    def test_the_disk_is_measured_when_asked_for(self):
        space = os.statvfs(self.directory)
        if space.f_bavail * space.f_frsize < 600 << 20:
            self.skipTest("too little room")
        document = json.loads(self.run_tapstat("doctor", "--json", "--disk-test").out)
        self.assertGreater(document["disk"]["write_bytes_per_s"], 0)
        self.assertEqual(os.listdir(self.directory), [], "no file stays")

    def test_a_directory_that_cannot_be_written_prevents_run(self):
        (self.directory / "file").write_text("x")
        result = self.run_tapstat("doctor", "-s", "file/out")
        self.assert_status(result, 6)
        self.assertIn("problem  disk ", result.out)


def numbers(text):
    """The numbers of "0-2,5"."""
    out = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        out += range(int(first), int(last or first) + 1)
    return out


class HostSetup(support.TestCase):
    def setUp(self):
        super().setUp()
        self.root = self.directory / "copy"
        self.machine = MadeMachine(self.root)

    def host_setup(self, *flags, status=0):
        result = self.run_tapstat("host-setup", "--sysroot", self.root, *flags)
        self.assert_status(result, status)
        return result

    def test_the_plan_is_shown_and_nothing_is_done(self):
        result = self.host_setup("--hugepages", "1400M", "--node", "1", "--bind", "3b:00.0")
        self.assertEqual(
            [line for line in result.out.splitlines() if not line.startswith("#")],
            [
                f"echo 744 > /{PAGES}/nr_hugepages",
                "echo 0000:3b:00.0 > /sys/bus/pci/devices/0000:3b:00.0/driver/unbind",
                "echo vfio-pci > /sys/bus/pci/devices/0000:3b:00.0/driver_override",
                "echo 0000:3b:00.0 > /sys/bus/pci/drivers_probe",
                "Nothing was changed. To do it, the same command as root with --apply.",
            ],
        )
        self.assertEqual(self.machine.text(f"{PAGES}/nr_hugepages"), "300\n")
        self.assertEqual(os.listdir(self.root / "run"), [])

    def test_what_is_applied_is_taken_back(self):
        override = "sys/bus/pci/devices/0000:3b:00.0/driver_override"
        self.host_setup("--hugepages", "1400M", "--node", "1", "--bind", "0000:3b:00.0", "--apply")
        self.assertEqual(self.machine.text(f"{PAGES}/nr_hugepages"), "744\n")
        self.assertEqual(self.machine.text(override), "vfio-pci\n")
        shown = self.host_setup("--undo")
        self.assertIn("Nothing was changed.", shown.out)
        self.assertEqual(self.machine.text(override), "vfio-pci\n")
        self.host_setup("--undo", "--apply")
        self.assertEqual(self.machine.text(f"{PAGES}/nr_hugepages"), "300\n")
        self.assertEqual(self.machine.text(override), "\n")
        self.assertIn("Nothing was applied", self.host_setup("--undo").out)

    def test_the_default_route_is_protected(self):
        refused = self.host_setup("--bind", "0000:01:00.0", "--apply", status=6)
        self.assertIn('tapstat: "eno1" carries the default route', refused.err)
        self.assertEqual(self.machine.text("sys/bus/pci/drivers/igb/unbind"), "")
        self.host_setup("--bind", "0000:01:00.0", "--apply", "--force")
        self.assertEqual(self.machine.text("sys/bus/pci/drivers/igb/unbind"), "0000:01:00.0\n")

    def test_a_card_that_is_not_there(self):
        refused = self.host_setup("--bind", "0000:3c:00.0", status=2)
        self.assertIn('Did you mean "0000:3b:00.0"?', refused.err)

    def test_without_permission_it_says_so_and_notes_nothing(self):
        (self.root / PAGES / "nr_hugepages").chmod(0o444)
        if os.access(self.root / PAGES / "nr_hugepages", os.W_OK):
            self.skipTest("root may write everything")
        refused = self.host_setup("--hugepages", "1400M", "--node", "1", "--apply", status=6)
        self.assertIn("Run it as root: sudo tapstat host-setup", refused.err)
        self.assertEqual(os.listdir(self.root / "run"), [])

    def test_this_machine_is_left_alone(self):
        before = HUGE_PAGES.read_text() if HUGE_PAGES.exists() else None
        result = self.run_tapstat("host-setup")
        self.assertIn(result.status, (0, 6), repr(result))
        if before is not None:
            self.assertEqual(HUGE_PAGES.read_text(), before)


if __name__ == "__main__":
    support.main()
