#include "control/ports_config.h"

#include <gtest/gtest.h>

#include "control/config.h"

namespace tapstat {
namespace {

using control::Config;
using control::parse_cores;
using control::port_named;
using control::port_requests;
using dataplane::PortKind;
using Cores = std::vector<int>;

TEST(PortsConfig, ListsOfCores) {
  EXPECT_EQ(parse_cores("4-7"), (Cores{4, 5, 6, 7}));
  EXPECT_EQ(parse_cores("2,0,4-5,4"), (Cores{0, 2, 4, 5}));
  for (const char* bad : {"", "4-", "-4", "7-4", "a", "1,,2", "1,", "1 2", "70000"})
    EXPECT_EQ(parse_cores(bad), Cores{}) << bad;
}

TEST(PortsConfig, WordsOnTheCommandLine) {
  const struct {
    const char* word;
    PortKind kind;
    const char* device;
  } cases[] = {
      {"eth1", PortKind::kernel, "eth1"},
      {"0000:3b:00.0", PortKind::pci, "0000:3b:00.0"},
      {"3B:00.1", PortKind::pci, "0000:3B:00.1"},
      {"3b:00", PortKind::kernel, "3b:00"},
      {"net_tap0,iface=tap0", PortKind::vdev, "net_tap0,iface=tap0"},
      {"net_ring0", PortKind::vdev, "net_ring0"},
      {"enp59s0f0", PortKind::kernel, "enp59s0f0"},
  };
  for (const auto& [word, kind, device] : cases) {
    const auto request = port_named(word);
    EXPECT_EQ(request.kind, kind) << word;
    EXPECT_EQ(request.device, device);
    EXPECT_EQ(request.name, word);
  }
}

constexpr std::string_view kPorts = R"([ports."0000:3b:00.0"]
queues = 4
cores = "4-7"
[ports.lab]
device = "net_tap0,iface=tap0"
[ports.net_odd]
kernel = true
[run]
snaplen = 512
user = "tapstat"
on_device_removed = "stop"
)";

TEST(PortsConfig, SectionsOfTheFile) {
  const auto file = control::parse_config(kPorts, "tapstat.toml");
  ASSERT_EQ(file.errors, std::vector<std::string>{});
  EXPECT_EQ(file.config.not_built, std::vector<std::string>{});
  const auto requests = port_requests({}, file.config.ports);
  ASSERT_TRUE(requests.has_value());
  ASSERT_EQ(requests->size(), 3U);
  const auto named = [&](const std::string& name) {
    return *std::ranges::find(*requests, name, &dataplane::PortRequest::name);
  };
  EXPECT_EQ(named("0000:3b:00.0").kind, PortKind::pci);
  EXPECT_EQ(named("0000:3b:00.0").queues, 4);
  EXPECT_EQ(named("lab").kind, PortKind::vdev);
  EXPECT_EQ(named("lab").device, "net_tap0,iface=tap0");
  EXPECT_EQ(named("net_odd").kind, PortKind::kernel);
  const auto nic = std::ranges::find(file.config.ports, "0000:3b:00.0", &control::PortConfig::name);
  EXPECT_EQ(nic->cores, (Cores{4, 5, 6, 7}));
  EXPECT_EQ(nic->cores_place, "tapstat.toml:3");
  EXPECT_EQ(file.config.run.snap_bytes, 512U);
  EXPECT_EQ(file.config.run.user, "tapstat");
  EXPECT_TRUE(file.config.run.stop_when_removed);
}

TEST(PortsConfig, WordsWinOverTheFileAndMayNameItsSections) {
  const auto file = control::parse_config(kPorts, "tapstat.toml");
  const auto requests = port_requests({"lab", "eth9"}, file.config.ports);
  ASSERT_TRUE(requests.has_value());
  ASSERT_EQ(requests->size(), 2U);
  EXPECT_EQ((*requests)[0].device, "net_tap0,iface=tap0");
  EXPECT_EQ((*requests)[1].kind, PortKind::kernel);
}

TEST(PortsConfig, NoPortAndTheSamePortTwiceAreRefused) {
  const auto none = port_requests({}, {});
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().status, flowstats::ExitStatus::usage);
  EXPECT_NE(none.error().sentence.find("-i"), std::string::npos);
  const auto twice = port_requests({"eth1", "eth2", "eth1"}, {});
  ASSERT_FALSE(twice.has_value());
  EXPECT_NE(twice.error().sentence.find("\"eth1\" is named twice"), std::string::npos);
}

TEST(PortsConfig, BadValuesNameTheirPlace) {
  const auto file = control::parse_config(
      "[ports.a]\ncores = \"7-4\"\n[ports.b]\nkernel = true\ndevice = \"net_tap0\"\nquues = 1\n",
      "t.toml");
  ASSERT_EQ(file.errors.size(), 3U);
  EXPECT_TRUE(file.errors[0].starts_with("t.toml:2:")) << file.errors[0];
  EXPECT_NE(file.errors[1].find("not both"), std::string::npos) << file.errors[1];
  EXPECT_NE(file.errors[2].find("Did you mean \"queues\"?"), std::string::npos) << file.errors[2];
}

}  // namespace
}  // namespace tapstat
