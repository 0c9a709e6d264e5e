#include "control/doctor/machine_reader.h"

#include <linux/capability.h>

#include <gtest/gtest.h>

#include "control/doctor/device_reader.h"
#include "tests/unit/control/doctor/made_machine.h"

namespace tapstat::tests {
namespace {

using namespace control::doctor;

TEST(CpuListText, AndBack) {
  EXPECT_EQ(cpu_list_text({}), "none");
  EXPECT_EQ(cpu_list_text({3}), "3");
  EXPECT_EQ(cpu_list_text({0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
  EXPECT_EQ(parse_cpu_list("0-2,5,7-8\n"), (CpuList{0, 1, 2, 5, 7, 8}));
  EXPECT_TRUE(parse_cpu_list("").empty());
  EXPECT_TRUE(parse_cpu_list("x,5-,0-99999999").empty());
}

TEST(PciAddress, HasOneShape) {
  EXPECT_TRUE(is_pci_address("0000:3b:00.0"));
  for (const char* text : {"", "3b:00.0", "0000:3b:00", "0000:3g:00.0", "0000-3b:00.0"})
    EXPECT_FALSE(is_pci_address(text)) << text;
}

TEST(ReadMachine, CpusAndNodes) {
  const MadeMachine made;
  const Machine machine = made.read();
  EXPECT_EQ(machine.cpus.model, "Made-up 20-Core");
  EXPECT_EQ(machine.cpus.online.size(), 40U);
  EXPECT_EQ(machine.cpus.allowed.size(), 40U);
  EXPECT_TRUE(machine.cpus.is_smt_active && machine.cpus.has_steady_tsc);
  EXPECT_EQ(cpu_list_text(machine.cpus.by_governor.at("powersave")), "0-1");
  ASSERT_EQ(machine.nodes.size(), 2U);
  EXPECT_EQ(machine.nodes[1].bytes, 64ULL << 30);
  EXPECT_EQ(machine.nodes[1].free_huge_bytes(), 512 * kMib);
  EXPECT_EQ(machine.node_of_cpu(20), 1);
  EXPECT_EQ(machine.node_of_cpu(40), -1);
  EXPECT_EQ(machine.transparent_pages, "madvise");
  EXPECT_EQ(machine.huge_page_mounts, std::vector<std::string>{"/dev/hugepages"});
}

TEST(ReadMachine, OnlyCpusThatAreThereAreAllowed) {
  const MadeMachine made;
  made.write("/sys/devices/system/cpu/online", "0-1\n");
  EXPECT_EQ(cpu_list_text(made.read().cpus.allowed), "0-1");
}

TEST(ReadMachine, AKernelWithoutNodes) {
  const MadeMachine made;
  std::filesystem::remove_all(made.at("/sys/devices/system/node"));
  made.write("/proc/meminfo", "MemTotal:       1024 kB\nMemFree:        512 kB\n");
  made.write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "9\n");
  made.write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "8\n");
  const Machine machine = made.read();
  ASSERT_EQ(machine.nodes.size(), 1U);
  EXPECT_EQ(machine.nodes[0].bytes, 1024U * 1024);
  EXPECT_EQ(machine.nodes[0].free_huge_bytes(), 16 * kMib);
  EXPECT_EQ(machine.node_of_cpu(39), 0);
}

TEST(ReadMachine, Devices) {
  const MadeMachine made;
  const Machine machine = made.read();
  ASSERT_EQ(machine.devices.size(), 4U) << "three cards and the bridge, no loopback";
  const NetworkDevice* const card = machine.by_interface("enp59s0f0");
  ASSERT_NE(card, nullptr);
  EXPECT_EQ(card, machine.by_pci("0000:3b:00.0"));
  EXPECT_EQ(device_text(*card), "Intel X710, \"enp59s0f0\"");
  EXPECT_EQ(card->driver, "i40e");
  EXPECT_EQ(card->node, 1);
  EXPECT_EQ(card->iommu_group, "42");
  EXPECT_EQ(card->link.lanes, 4U);
  EXPECT_EQ(card->link_max.lanes, 8U);
  EXPECT_EQ(card->is_up, true);
  EXPECT_EQ(card->speed_mbps, 10'000U);
  EXPECT_FALSE(card->has_default_route || card->is_bound_to_vfio());
  EXPECT_TRUE(machine.by_pci("0000:af:00.0")->is_bound_to_vfio());
  EXPECT_EQ(machine.by_interface("lo"), nullptr);
  EXPECT_EQ(machine.by_pci(""), nullptr) << "virtual ones have no address";
}

TEST(ReadMachine, TheDefaultRouteIsFoundThroughABridge) {
  const MadeMachine made;
  EXPECT_TRUE(made.read().by_interface("br0")->has_default_route);
  EXPECT_TRUE(made.read().by_interface("eno1")->has_default_route);
  made.write("/proc/net/route", "Iface\n");
  EXPECT_FALSE(made.read().by_interface("eno1")->has_default_route);
  const std::string zeros(32, '0');
  const auto route6 = [&](const char* flags, const char* interface) {
    return zeros + " 00 " + zeros + " 00 " + zeros + " 00000400 00000003 00000000 " + flags + " " +
           interface + "\n";
  };
  made.write("/proc/net/ipv6_route", route6("00200200", "lo") + route6("00000003", "eno1"));
  EXPECT_TRUE(made.read().by_interface("eno1")->has_default_route);
  made.write("/proc/net/ipv6_route", route6("00000200", "eno1"));
  EXPECT_FALSE(made.read().by_interface("eno1")->has_default_route) << "a route that refuses";
}

TEST(ReadMachine, ThisProcess) {
  const MadeMachine made;
  const ProcessFacts process = made.read().process;
  EXPECT_EQ(process.user, "tapstat");
  EXPECT_EQ(process.groups, (std::vector<gid_t>{4, 998}));
  EXPECT_EQ(process.lockable_bytes, 8 * kMib);
  EXPECT_EQ(process.open_files, 1024U);
  EXPECT_FALSE(process.has(CAP_NET_RAW));
  made.set_capabilities("0000000000002000");
  EXPECT_TRUE(made.read().process.has(CAP_NET_RAW));
}

TEST(ReadMachine, WhoMayOpenWhat) {
  const MadeMachine made;
  for (const DeviceFile& file : made.read().vfio.files) EXPECT_FALSE(file.may_open) << file.path;
  made.set_modes(std::filesystem::perms::others_read | std::filesystem::perms::others_write);
  const VfioFacts vfio = made.read().vfio;
  ASSERT_EQ(vfio.files.size(), 2U);
  for (const DeviceFile& file : vfio.files) EXPECT_TRUE(file.may_open) << file.path;
  EXPECT_TRUE(vfio.is_iommu_on && vfio.has_driver);
  EXPECT_FALSE(vfio.is_without_iommu);
}

TEST(ReadMachine, NamesOfCards) {
  const MadeMachine made;
  const std::string device = "/sys/devices/pci0000:00/0000:3b:00.0";
  made.write(device + "/vendor", "0x1234\n");
  EXPECT_EQ(made.read().by_pci("0000:3b:00.0")->name, "device 1234:1572");
  made.write("/usr/share/misc/pci.ids",
             "# a list\n1111  Other\n\t1572  Wrong\n1234  Maker\n\t0001  One\n\t1572  Card 10G\n");
  EXPECT_EQ(made.read().by_pci("0000:3b:00.0")->name, "Maker Card 10G");
}

TEST(ReadMachine, AnEmptyTreeIsAMachineWithoutAnything) {
  const TempDir nothing;
  const Machine machine = read_machine(nothing.path());
  EXPECT_TRUE(machine.cpus.online.empty() && machine.devices.empty());
  EXPECT_EQ(machine.nodes.size(), 1U);
}

TEST(ReadMachine, ThisOne) {
  const Machine machine = read_machine();
  EXPECT_FALSE(machine.cpus.allowed.empty());
  EXPECT_GT(machine.nodes.at(0).bytes, 0U);
}

TEST(Disk, IsMeasuredWithoutAFile) {
  const TempDir directory;
  const DiskFacts facts = read_disk(directory.path() / "not" / "there");
  EXPECT_EQ(facts.refusal, "");
  EXPECT_GT(facts.bytes, facts.free_bytes);
  if (facts.free_bytes < 2 * kDiskTestBytes) GTEST_SKIP() << "too little room";
  const auto rate = measure_disk(directory.path());
  ASSERT_TRUE(rate);
  EXPECT_GT(*rate, 0);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace tapstat::tests
