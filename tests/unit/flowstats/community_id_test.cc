#include "flowstats/community_id.h"

#include <string>

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

std::string id_of(Endpoint source, Endpoint destination, uint8_t protocol,
                  IpVersion version = IpVersion::v4) {
  const auto text =
      community_id_text(community_id(make_tuple(source, destination, protocol, version).tuple));
  return {text.data(), text.size()};
}

constexpr IpAddress v4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return IpAddress::v4(a << 24 | b << 16 | c << 8 | d);
}

// The values that the specification's baseline gives for its captures.
TEST(CommunityId, IsThatOfTheSpecification) {
  EXPECT_EQ(id_of({v4(128, 232, 110, 120), 34855}, {v4(66, 35, 250, 204), 80}, kProtocolTcp),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(id_of({v4(192, 168, 1, 52), 54585}, {v4(8, 8, 8, 8), 53}, kProtocolUdp),
            "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
}

TEST(CommunityId, IsTheSameForBothDirections) {
  const Endpoint one{{0x20010db800000000, 1}, 443}, other{{0x20010db800000000, 2}, 443};
  EXPECT_EQ(id_of(one, other, kProtocolUdp, IpVersion::v6),
            id_of(other, one, kProtocolUdp, IpVersion::v6));
  EXPECT_NE(id_of(one, other, kProtocolUdp, IpVersion::v6),
            id_of(one, other, kProtocolTcp, IpVersion::v6));
}

}  // namespace
}  // namespace tapstat::flowstats
