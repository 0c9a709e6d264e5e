#include "exporters/named_address.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using exporters::address_in;
using flowstats::IpAddress;
using flowstats::IpVersion;

/// The name with 198.51.100.7 or 2001:db8::ff:7 in place of its address; "-" when it has none.
std::string replaced(std::string_view name) {
  const auto found = address_in(name);
  if (!found) return "-";
  const IpAddress other = found->address.version == IpVersion::v4
                              ? IpAddress::v4(0xc6336407)
                              : IpAddress{0x20010db800000000, 0xff0007};
  return exporters::with_address(name, *found, other);
}

TEST(NamedAddress, FindsLiterals) {
  const auto found = address_in("192.0.2.1:80");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address.version, IpVersion::v4);
  EXPECT_EQ(found->address.address, IpAddress::v4(0xc0000201));
  EXPECT_EQ(address_in("[2001:db8::1]:443")->address.address, (IpAddress{0x20010db800000000, 1}));
  EXPECT_EQ(replaced("192.0.2.1"), "198.51.100.7");
  EXPECT_EQ(replaced("192.0.2.1."), "198.51.100.7.");
  EXPECT_EQ(replaced("192.0.2.1:80"), "198.51.100.7:80");
  EXPECT_EQ(replaced("2001:db8::1"), "2001:db8::ff:7");
  EXPECT_EQ(replaced("[2001:db8::1]"), "[2001:db8::ff:7]");
  EXPECT_EQ(replaced("[2001:db8::1]:443"), "[2001:db8::ff:7]:443");
}

TEST(NamedAddress, FindsReverseNames) {
  const auto v4 = address_in("1.2.0.192.in-addr.arpa");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->address.address, IpAddress::v4(0xc0000201));
  EXPECT_EQ(replaced("1.2.0.192.in-addr.arpa"), "7.100.51.198.in-addr.arpa");
  EXPECT_EQ(replaced("1.2.0.192.IN-ADDR.ARPA."), "7.100.51.198.IN-ADDR.ARPA.");
  constexpr const char* kName =
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.d.0.1.0.0.2.ip6.arpa";
  const auto v6 = address_in(kName);
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->address.version, IpVersion::v6);
  EXPECT_EQ(v6->address.address, (IpAddress{0x20010db800000000, 1}));
  EXPECT_EQ(replaced(kName),
            "7.0.0.0.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(NamedAddress, LeavesOtherNamesAlone) {
  using namespace std::string_view_literals;
  for (const std::string_view name :
       {""sv, "."sv, "www.example.com"sv, "192.0.2"sv, "192.0.2.256"sv, "192.0.2.1.example"sv,
        "192.0.2.1\0"sv, "[192"sv, "[]"sv, "::1::2"sv, "2.0.192.in-addr.arpa"sv,
        "0.1.2.0.192.in-addr.arpa"sv, "in-addr.arpa"sv, ".in-addr.arpa"sv, "1.0.ip6.arpa"sv,
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.d.0.1.0.0.x.ip6.arpa"sv,
        "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0-0.0.0.0.0.0.0.0.8.B.d.0.1.0.0.2.ip6.arpa"sv,
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"sv})
    EXPECT_EQ(replaced(name), "-") << name;
}

}  // namespace
}  // namespace tapstat::tests
