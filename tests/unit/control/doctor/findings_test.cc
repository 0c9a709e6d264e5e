#include "control/doctor/findings.h"

#include <linux/capability.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "control/doctor/device_findings.h"
#include "control/doctor/doctor_text.h"
#include "tests/unit/control/doctor/made_machine.h"

namespace tapstat::tests {
namespace {

using namespace control::doctor;

/// The finding of an area; a level that does not exist when there is none.
Finding found(const Machine& machine, const std::string& area, const std::string& id) {
  const Findings all = examine(machine);
  const auto at =
      std::ranges::find_if(all, [&](const Finding& f) { return f.area == area && f.id == id; });
  return at == all.end() ? Finding{Level::ok, "", "", "nothing was found", ""} : *at;
}

/// The made-up machine with everything in order.
Machine ready_machine(const MadeMachine& made) {
  made.set_modes(std::filesystem::perms::others_read | std::filesystem::perms::others_write);
  made.set_capabilities("0000000000006000");  // CAP_NET_RAW, CAP_IPC_LOCK
  return made.read();
}

TEST(Examine, AMachineInOrderPreventsNothing) {
  const MadeMachine made;
  const Machine machine = ready_machine(made);
  EXPECT_FALSE(prevents_run(examine(machine)));
  EXPECT_EQ(found(machine, "limits", "net-raw").level, Level::ok);
  EXPECT_EQ(found(machine, "vfio", "iommu").level, Level::ok);
}

TEST(Examine, Cpus) {
  const MadeMachine made;
  Machine machine = ready_machine(made);
  EXPECT_EQ(found(machine, "cpu", "smt").level, Level::note);
  const Finding governor = found(machine, "cpu", "governor");
  EXPECT_EQ(governor.level, Level::warning);
  EXPECT_NE(governor.sentence.find("powersave on CPUs 0-1"), std::string::npos);
  EXPECT_NE(found(machine, "cpu", "isolated").repair.find("isolcpus=2-39 "), std::string::npos);
  machine.cpus.isolated = {2, 3};
  EXPECT_EQ(found(machine, "cpu", "isolated").level, Level::ok);
  machine.cpus.allowed = {0, 1};
  EXPECT_EQ(found(machine, "cpu", "allowed").level, Level::note);
  machine.cpus.allowed = {0};
  EXPECT_EQ(found(machine, "cpu", "allowed").level, Level::warning);
  machine.cpus.allowed = {};
  EXPECT_EQ(found(machine, "cpu", "allowed").level, Level::problem);
}

TEST(Examine, Clock) {
  const MadeMachine made;
  Machine machine = ready_machine(made);
  EXPECT_EQ(found(machine, "clock", "ntp").sentence, "nothing was found") << "not known";
  machine.clock = {"hpet", false};
  machine.cpus.has_steady_tsc = false;
  for (const char* id : {"source", "ntp", "tsc"})
    EXPECT_EQ(found(machine, "clock", id).level, Level::warning) << id;
}

TEST(Examine, PermissionsOfBoundDevices) {
  const MadeMachine made;
  const Machine machine = made.read();
  const Finding file = found(machine, "0000:af:00.0", "permission");
  EXPECT_EQ(file.level, Level::problem);
  EXPECT_EQ(file.sentence, "user \"tapstat\" may not open /dev/vfio/43.");
  EXPECT_EQ(found(machine, "limits", "memlock").level, Level::problem);
  EXPECT_EQ(found(machine, "limits", "net-raw").level, Level::note) << "a device is bound";
  EXPECT_TRUE(prevents_run(examine(machine)));
}

TEST(Examine, NoKindOfPortIsAProblem) {
  const MadeMachine made;
  made.link("/sys/devices/pci0000:00/0000:af:00.0/driver", "../../../bus/pci/drivers/i40e");
  Machine machine = made.read();
  EXPECT_EQ(found(machine, "limits", "net-raw").level, Level::problem);
  EXPECT_EQ(found(machine, "limits", "memlock").level, Level::note) << "nothing is bound";
  machine.devices.clear();
  EXPECT_EQ(found(machine, "network", "device").level, Level::problem);
}

TEST(Examine, BoundDevicesNeedPagesAndTheirWholeGroup) {
  const MadeMachine made;
  Machine machine = ready_machine(made);
  machine.nodes[1].pages[0].free = 0;
  const Finding pages = found(machine, "0000:af:00.0", "hugepages");
  EXPECT_EQ(pages.level, Level::problem);
  EXPECT_EQ(pages.repair, "sudo tapstat host-setup --hugepages 2G --node 1 --apply");
  made.link("/sys/kernel/iommu_groups/43/devices/0000:3b:00.0",
            "../../../../devices/pci0000:00/0000:3b:00.0");
  EXPECT_EQ(found(ready_machine(made), "0000:af:00.0", "iommu-group").level, Level::problem);
}

TEST(Examine, Devices) {
  const MadeMachine made;
  Machine machine = ready_machine(made);
  EXPECT_EQ(found(machine, "eno1", "default-route").level, Level::note);
  const Finding link = found(machine, "enp59s0f0", "pcie");
  EXPECT_EQ(link.level, Level::warning);
  EXPECT_EQ(link.sentence, "PCIe 8.0 GT/s x4 of 8.0 GT/s x8: at most 32 of 63 Gb/s reach memory.");
  EXPECT_EQ(found(machine, "enp59s0f0", "offloads").sentence, "nothing was found") << "not known";
  auto& card = *std::ranges::find(machine.devices, "enp59s0f0", &NetworkDevice::interface);
  card.offloads = Offloads{true, true};
  EXPECT_EQ(found(machine, "enp59s0f0", "offloads").repair,
            "sudo ethtool -K enp59s0f0 gro off lro off");
  card.offloads = Offloads{};
  card.is_up = false;
  EXPECT_EQ(found(machine, "enp59s0f0", "offloads").sentence, "nothing was found");
  EXPECT_EQ(found(machine, "enp59s0f0", "link").level, Level::note);
  card.is_up.reset();
  EXPECT_EQ(found(machine, "enp59s0f0", "down").level, Level::note);
  card.driver = "mlx5_core";
  EXPECT_NE(found(machine, "enp59s0f0", "driver").sentence.find("shares"), std::string::npos);
}

TEST(Examine, WithoutAnIommu) {
  const MadeMachine made;
  Machine machine = ready_machine(made);
  machine.vfio.is_iommu_on = machine.vfio.has_driver = false;
  EXPECT_EQ(found(machine, "vfio", "iommu").level, Level::warning) << "a device is bound";
  EXPECT_EQ(found(machine, "vfio", "driver").repair, "sudo modprobe vfio-pci");
  machine.vfio.is_without_iommu = true;
  EXPECT_NE(found(machine, "vfio", "iommu").sentence.find("anywhere in memory"), std::string::npos);
}

TEST(Examine, Disk) {
  const MadeMachine made;
  Machine machine = ready_machine(made);
  machine.disk = DiskFacts{"out", "directory \"out\" cannot be written", 0, 0, {}};
  EXPECT_EQ(found(machine, "disk", "writable").level, Level::problem);
  machine.disk = DiskFacts{"out", "", 100'000'000'000, 4'000'000'000, 10e6};
  EXPECT_EQ(found(machine, "disk", "space").level, Level::warning);
  EXPECT_EQ(found(machine, "disk", "speed").sentence,
            "10.0 MB/s reach the disk: rows of more than 20,000 flows/s wait, then are lost.");
  machine.disk = DiskFacts{"out", "", 100, 50, 400e6};
  EXPECT_EQ(found(machine, "disk", "space").level, Level::ok);
  EXPECT_EQ(found(machine, "disk", "speed").level, Level::ok);
}

TEST(DoctorText, LinesAndVerdict) {
  const MadeMachine made;
  const Machine machine = made.read();
  const auto lines = machine_lines(machine);
  EXPECT_EQ(lines.at(0), "cpu        Made-up 20-Core");
  EXPECT_EQ(lines.at(2),
            "node 1     CPUs 20-39, 64.0 GiB memory (32.0 GiB free), 300 hugepages of 2 MiB (256 "
            "free)");
  EXPECT_EQ(lines.at(4),
            "enp59s0f0  0000:3b:00.0 Intel X710, driver i40e, NUMA node 1, PCIe 8.0 GT/s x4, 10.0 "
            "Gb/s");
  const Findings few = {{Level::ok, "cpu", "a", "Fine.", ""},
                        {Level::problem, "eth0", "b", "Broken.", "mend it"}};
  EXPECT_EQ(finding_lines(few),
            (std::vector<std::string>{"ok       cpu   Fine.", "problem  eth0  Broken.",
                                      "               repair: mend it"}));
  EXPECT_EQ(verdict(few), "1 problem prevents tapstat run; 0 warnings, 0 notes.");
  EXPECT_EQ(verdict({{Level::warning, "", "", "", ""}}),
            "Nothing prevents tapstat run: 1 warning, 0 notes.");
}

TEST(DoctorText, Json) {
  const MadeMachine made;
  Machine machine = made.read();
  machine.devices.front().offloads = Offloads{true, false};
  machine.disk = DiskFacts{"out", "", 100, 50, 400e6};
  const std::string json = doctor_json(machine, examine(machine));
  for (const char* part :
       {"\"ready\": false", "\"id\": \"governor\"", "\"level\": \"warning\"",
        "\"powersave\": \"0-1\"", "\"page_bytes\": 2097152", "\"/dev/vfio/43\": false",
        "\"gro\": true", "\"gigatransfers_per_s\": 8.0", "\"write_bytes_per_s\": 400000000.0"})
    EXPECT_NE(json.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace tapstat::tests
