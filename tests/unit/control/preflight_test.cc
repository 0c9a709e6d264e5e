#include "control/preflight.h"

#include <linux/capability.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/control/doctor/made_machine.h"

namespace tapstat::tests {
namespace {

using namespace control;
using doctor::kMib;
using doctor::Machine;
using doctor::NetworkDevice;
using flowstats::ExitStatus;

PreflightPort pci(const std::string& name, uint64_t mib = 0) {
  PreflightPort port;
  port.name = name;
  port.kind = PreflightPort::Kind::pci;
  port.memory_bytes = mib * kMib;
  return port;
}

PreflightPort interface(const std::string& name) {
  PreflightPort port;
  port.name = name;
  return port;
}

PreflightPort vdev(const std::string& name) {
  PreflightPort port;
  port.name = name;
  port.kind = PreflightPort::Kind::vdev;
  return port;
}

/// The only error; its status must be `status`.
std::string only_error(const Preflight& found, ExitStatus status) {
  EXPECT_EQ(found.status(), status);
  EXPECT_EQ(found.errors.size(), 1U);
  return found.errors.empty() ? "none" : found.errors.front().sentence;
}

class PreflightTest : public testing::Test {
 protected:
  PreflightTest() {
    made_.set_modes(std::filesystem::perms::others_read | std::filesystem::perms::others_write);
    made_.set_capabilities("0000000000002000");
    machine_ = made_.read();
  }
  Preflight check(const std::vector<PreflightPort>& ports) { return preflight(ports, machine_); }
  NetworkDevice& device(const std::string& address) {
    return *std::ranges::find(machine_.devices, address, &NetworkDevice::pci);
  }

  MadeMachine made_;
  Machine machine_;
};

TEST_F(PreflightTest, APortThatCanBeOpened) {
  PreflightPort port = pci("0000:af:00.0", 512);
  port.cores = {20, 21};
  const Preflight found = check({port, interface("enp59s0f0"), vdev("net_null0")});
  EXPECT_EQ(found.status(), ExitStatus::done);
  EXPECT_TRUE(found.errors.empty() && found.warnings.empty());
}

TEST_F(PreflightTest, HugepagesShort) {
  device("0000:3b:00.0").driver = "vfio-pci";
  EXPECT_EQ(only_error(check({pci("0000:3b:00.0", 1340)}), ExitStatus::environment),
            "port 0000:3b:00.0 needs 1,340 MiB of hugepages on NUMA node 1; 512 MiB are free (256 "
            "x 2 MiB). Run: sudo tapstat host-setup --hugepages 1400M --node 1");
  machine_.nodes[1].pages[1].free = 1;
  EXPECT_NE(only_error(check({pci("0000:3b:00.0", 3000)}), ExitStatus::environment)
                .find("1,536 MiB are free (256 x 2 MiB, 1 x 1 GiB)"),
            std::string::npos);
}

TEST_F(PreflightTest, PortsOfOneNodeShareItsPages) {
  device("0000:3b:00.0").driver = "vfio-pci";
  EXPECT_EQ(
      only_error(check({pci("0000:3b:00.0", 400), pci("0000:af:00.0", 200)}),
                 ExitStatus::environment),
      "port 0000:af:00.0 needs 200 MiB of hugepages on NUMA node 1; 112 MiB are free (256 x 2 "
      "MiB). Run: sudo tapstat host-setup --hugepages 600M --node 1");
}

TEST_F(PreflightTest, StillWithTheKernelDriver) {
  const std::string sentence =
      "0000:3b:00.0 (Intel X710, \"enp59s0f0\") uses the kernel driver i40e. Bind it with: sudo "
      "driverctl set-override 0000:3b:00.0 vfio-pci   It will vanish from \"ip link\". To try "
      "without binding: tapstat run -i enp59s0f0";
  EXPECT_EQ(only_error(check({pci("0000:3b:00.0")}), ExitStatus::environment), sentence);
  device("0000:3b:00.0").has_default_route = true;
  EXPECT_EQ(
      only_error(check({pci("0000:3b:00.0")}), ExitStatus::environment),
      "\"enp59s0f0\" carries the default route: binding it cuts this machine off. " + sentence);
  device("0000:3b:00.0").driver = "mlx5_core";
  EXPECT_TRUE(check({pci("0000:3b:00.0")}).errors.empty()) << "works beside its driver";
}

TEST_F(PreflightTest, AccessToVfioRefused) {
  machine_.vfio.files = {
      {"/dev/vfio/43", false}, {"/dev/vfio/42", false}, {"/dev/vfio/vfio", true}};
  device("0000:3b:00.0").driver = "vfio-pci";
  EXPECT_EQ(only_error(check({pci("0000:3b:00.0")}), ExitStatus::environment),
            "opening /dev/vfio/42 was refused. The service runs as user \"tapstat\"; add the udev "
            "rule from packaging/ (group \"tapstat\", mode 0660) or start through systemd.");
}

TEST_F(PreflightTest, ANeighbourInTheIommuGroup) {
  device("0000:af:00.0").group_members = {"0000:af:00.1"};
  EXPECT_EQ(only_error(check({pci("0000:af:00.0")}), ExitStatus::environment),
            "0000:af:00.0 shares the IOMMU group 43 with 0000:af:00.1, which has a kernel driver. "
            "Bind it as well: sudo driverctl set-override 0000:af:00.1 vfio-pci");
}

TEST_F(PreflightTest, NoRightToCapture) {
  machine_.process.capabilities = 0;
  EXPECT_EQ(only_error(check({interface("eno1")}), ExitStatus::environment),
            "live capture on \"eno1\" needs CAP_NET_RAW. Run: sudo setcap cap_net_raw+ep $(which "
            "tapstat), or use tapstat replay.");
  EXPECT_TRUE(check({pci("0000:af:00.0")}).errors.empty()) << "a PCI port needs none";
}

TEST_F(PreflightTest, WrongCores) {
  machine_.cpus.online = machine_.cpus.allowed = {0, 1};
  PreflightPort port = interface("eno1");
  port.cores = {0, 1, 2, 3, 4, 5, 6, 7};
  port.cores_text = "0-7";
  port.cores_place = "tapstat.toml:4";
  EXPECT_EQ(only_error(check({port}), ExitStatus::usage),
            "cores \"0-7\": this machine has 2 (0-1) and this process may use 0-1. tapstat.toml:4");
}

TEST_F(PreflightTest, CoresOfAnotherNode) {
  PreflightPort port = pci("0000:af:00.0");
  port.cores = {2, 3, 20};
  const Preflight found = check({port});
  EXPECT_TRUE(found.errors.empty());
  EXPECT_EQ(found.warnings,
            std::vector<std::string>{"port 0000:af:00.0 is on NUMA node 1, core 2 is on node 0: "
                                     "expect 20-40 % less. Cores of node 1: 20-39."});
}

TEST_F(PreflightTest, PortsThatAreNotThere) {
  EXPECT_EQ(only_error(check({interface("eno2")}), ExitStatus::environment),
            "there is no network interface \"eno2\". Did you mean \"eno1\"?");
  EXPECT_EQ(only_error(check({pci("0000:3c:00.0")}), ExitStatus::environment),
            "there is no PCI network device 0000:3c:00.0. Did you mean \"0000:3b:00.0\"?");
  EXPECT_TRUE(check({interface("lo")}).errors.empty());
}

TEST_F(PreflightTest, InterfacesThatTellLessThanTheTruth) {
  device("0000:01:00.0").offloads = doctor::Offloads{true, false};
  device("0000:01:00.0").is_up.reset();
  const Preflight found = check({interface("eno1")});
  EXPECT_TRUE(found.errors.empty());
  ASSERT_EQ(found.warnings.size(), 2U);
  EXPECT_EQ(found.warnings[0], "\"eno1\" is down: nothing arrives. Run: sudo ip link set eno1 up");
  EXPECT_NE(found.warnings[1].find("ethtool -K eno1 gro off lro off"), std::string::npos);
}

TEST_F(PreflightTest, EverythingThatIsWrongIsListedAndTheHighestStatusCounts) {
  machine_.process.capabilities = 0;
  PreflightPort port = interface("eno1");
  port.cores = {99};
  const Preflight found = check({port, pci("0000:3b:00.0", 1340)});
  EXPECT_EQ(found.errors.size(), 4U);
  EXPECT_EQ(found.status(), ExitStatus::environment);
}

}  // namespace
}  // namespace tapstat::tests
