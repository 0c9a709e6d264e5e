#include "control/network_file.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::parse_network_file;
using flowstats::IpAddress;
using flowstats::IpVersion;

constexpr uint32_t address(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

bool contains_v4(const flowstats::NetworkList& list, uint32_t host_order) {
  return list.contains(IpVersion::v4, IpAddress::v4(host_order));
}

TEST(NetworkFile, ReadsTheThreeFormsAndClearsHostBits) {
  const auto file = parse_network_file(
      "# ours\n"
      "192.0.2.77/24   # with host bits\n"
      "\n"
      "10.1.0.0/255.255.0.0\n"
      "172.16.5.4\n"
      "255.255.255.0\n"
      "2001:db8:1::5/48\r\n",
      "nets");
  EXPECT_TRUE(file.errors.empty());
  EXPECT_TRUE(file.warnings.empty());
  EXPECT_EQ(file.networks.count(IpVersion::v4), 3U);
  EXPECT_EQ(file.networks.count(IpVersion::v6), 1U);
  EXPECT_TRUE(contains_v4(file.networks, address(192, 0, 2, 1)));
  EXPECT_FALSE(contains_v4(file.networks, address(192, 0, 3, 1)));
  EXPECT_TRUE(contains_v4(file.networks, address(10, 1, 255, 255)));
  EXPECT_TRUE(contains_v4(file.networks, address(172, 16, 5, 200)));
  EXPECT_FALSE(contains_v4(file.networks, address(172, 16, 6, 4)));
  EXPECT_TRUE(file.networks.contains(IpVersion::v6, {0x20010db800010000, 9}));
  EXPECT_FALSE(file.networks.contains(IpVersion::v6, {0x20010db800020000, 9}));
}

TEST(NetworkFile, LengthLimitsOfIpv6) {
  const auto file = parse_network_file("2001:db8::1/128\n10.0.0.0/8\n", "nets");
  EXPECT_TRUE(file.networks.contains(IpVersion::v6, {0x20010db800000000, 1}));
  EXPECT_FALSE(file.networks.contains(IpVersion::v6, {0x20010db800000000, 2}));
  EXPECT_TRUE(file.warnings.empty());
  const auto odd = parse_network_file("2001:db8::/65\n10.0.0.0/8\n", "nets");
  ASSERT_EQ(odd.warnings.size(), 1U);
  EXPECT_EQ(odd.warnings[0],
            "nets:1: \"2001:db8::/65\": an IPv6 prefix longer than 64 is unusual.");
}

TEST(NetworkFile, LengthZeroAndTheZeroAddressMeanEverything) {
  for (const char* text : {"1.2.3.4/0\n::1/0\n", "0.0.0.0/24\n::/0\n"}) {
    const auto file = parse_network_file(text, "nets");
    EXPECT_TRUE(file.errors.empty());
    EXPECT_EQ(file.warnings.size(), 2U);
    EXPECT_TRUE(contains_v4(file.networks, address(203, 0, 113, 9)));
    EXPECT_TRUE(file.networks.contains(IpVersion::v6, {1, 2}));
  }
}

TEST(NetworkFile, AFamilyWithoutNetworksIsInternalAndSaysSo) {
  const auto file = parse_network_file("10.0.0.0/8\n", "nets");
  ASSERT_EQ(file.warnings.size(), 1U);
  EXPECT_EQ(file.warnings[0], "nets: no IPv6 network given, so all IPv6 addresses are internal.");
  EXPECT_TRUE(file.networks.contains(IpVersion::v6, {1, 2}));
}

TEST(NetworkFile, WarningsSayWhatTheListIsFor) {
  using control::NetworkUse;
  const auto anonymised = parse_network_file("0.0.0.0/0\n", "n", NetworkUse::anonymised);
  EXPECT_EQ(
      anonymised.warnings,
      (std::vector<std::string>{"n:1: \"0.0.0.0/0\" makes every IPv4 address anonymised.",
                                "n: no IPv6 network given, so no IPv6 address is anonymised."}));
  const auto except = parse_network_file("::/0\n", "n", NetworkUse::not_anonymised);
  EXPECT_EQ(except.warnings,
            std::vector<std::string>{"n:1: \"::/0\" makes every IPv6 address an exception."});
}

TEST(NetworkFile, AddsSingleNetworks) {
  flowstats::NetworkList list;
  EXPECT_EQ(control::add_network(list, "10.0.0.0/8"), "");
  EXPECT_EQ(control::add_network(list, "10.0.0.0/33"),
            "\"10.0.0.0/33\": the prefix length must be 0 to 32.");
  EXPECT_EQ(control::add_network(list, "10.0.0.0\n255.0.0.0").substr(0, 10), "\"10.0.0.0\n");
  EXPECT_EQ(control::add_network(list, ""), "\"\": not a network.");
  for (int i = 1; i < 100; ++i)
    EXPECT_EQ(control::add_network(list, std::to_string(i) + ".0.0.0/8"), "");
  EXPECT_EQ(control::add_network(list, "200.0.0.0/8"), "more than 100 IPv4 networks.");
  EXPECT_EQ(list.count(IpVersion::v4), 100U);
  EXPECT_TRUE(list.lists(IpVersion::v4, IpAddress::v4(address(10, 1, 2, 3))));
  EXPECT_FALSE(list.lists(IpVersion::v6, {1, 2}));
}

TEST(NetworkFile, ListsAllBadLines) {
  const auto file = parse_network_file(
      "10.0.0.0/33\n10.0.0/8\n10.0.0.0/8\n2001:db8::/129\nfoo\n1.2.3.4\n5.6.7.8.9\n1.2.3.4/"
      "255.0.0\n9.9.9.9\n",
      "n");
  ASSERT_EQ(file.errors.size(), 7U);
  EXPECT_EQ(file.errors[0], "n:1: \"10.0.0.0/33\": the prefix length must be 0 to 32.");
  EXPECT_EQ(file.errors[1],
            "n:2: \"10.0.0/8\": not a network. Examples: \"10.0.0.0/8\", \"10.0.0.0/255.0.0.0\", "
            "\"2001:db8::/32\".");
  EXPECT_EQ(file.errors[2], "n:4: \"2001:db8::/129\": the prefix length must be 0 to 128.");
  EXPECT_TRUE(file.errors[3].starts_with("n:5: \"foo\": not a network."));
  EXPECT_EQ(file.errors[4],
            "n:7: \"5.6.7.8.9\": expected the mask of \"1.2.3.4\", such as 255.255.255.0.");
  EXPECT_EQ(file.errors[5], "n:8: \"1.2.3.4/255.0.0\": the mask is not four numbers of 0 to 255.");
  EXPECT_EQ(file.errors[6], "n:9: \"9.9.9.9\" has neither /length nor a mask on the next line.");
}

TEST(NetworkFile, TakesAHundredNetworksOfEachFamily) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "10." + std::to_string(i) + ".0.0/16\n";
    text += "2001:db8:" + std::to_string(i) + "::/48\n";
  }
  EXPECT_TRUE(parse_network_file(text, "nets").errors.empty());
  const auto file = parse_network_file(text + "11.0.0.0/8\n", "nets");
  ASSERT_EQ(file.errors.size(), 1U);
  EXPECT_EQ(file.errors[0], "nets:201: more than 100 IPv4 networks.");
}

TEST(NetworkFile, AZeroByteEndsNoAddress) {
  using namespace std::string_view_literals;
  EXPECT_EQ(parse_network_file("10.0.0.0\0junk/8\n"sv, "n").errors.size(), 1U);
  EXPECT_EQ(parse_network_file("2001:db8::\0junk/32\n"sv, "n").errors.size(), 1U);
}

TEST(NetworkFile, AMissingFileIsAnError) {
  const auto file = control::load_network_file("/nonexistent/nets");
  ASSERT_EQ(file.errors.size(), 1U);
  EXPECT_EQ(file.errors[0], "tapstat: cannot read \"/nonexistent/nets\": no such file.");
}

}  // namespace
}  // namespace tapstat::tests
