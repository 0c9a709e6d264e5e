#include "flowstats/wire/five_tuple.h"

#include <bit>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "flowstats/wire/network_list.h"

namespace tapstat::flowstats {
namespace {

constexpr Endpoint kClient{IpAddress::v4(0xc000020a), 40000},
    kServer{IpAddress::v4(0xc6336414), 80};

TEST(FiveTuple, BothDirectionsGiveOneTuple) {
  const DirectedTuple there = make_tuple(kClient, kServer, kProtocolTcp, IpVersion::v4);
  const DirectedTuple back = make_tuple(kServer, kClient, kProtocolTcp, IpVersion::v4);
  EXPECT_EQ(there.tuple, back.tuple);
  EXPECT_NE(there.direction, back.direction);
  EXPECT_EQ(there.tuple.sender(there.direction), kClient);
  EXPECT_EQ(back.tuple.sender(back.direction), kServer);
  EXPECT_EQ(hash_tuple(there.tuple, 1), hash_tuple(back.tuple, 1));
}

TEST(FiveTuple, PortsDecideBetweenEqualAddresses) {
  const Endpoint low{kClient.address, 1}, high{kClient.address, 2};
  EXPECT_EQ(make_tuple(high, low, kProtocolTcp, IpVersion::v4).tuple,
            make_tuple(low, high, kProtocolTcp, IpVersion::v4).tuple);
}

TEST(FiveTuple, ProtocolAndVersionAreInTheKey) {
  const auto tcp = make_tuple(kClient, kServer, kProtocolTcp, IpVersion::v4).tuple;
  EXPECT_NE(tcp, make_tuple(kClient, kServer, kProtocolUdp, IpVersion::v4).tuple);
  EXPECT_NE(tcp, make_tuple(kClient, kServer, kProtocolTcp, IpVersion::v6).tuple);
}

TEST(FiveTuple, HashDependsOnEveryFieldAndOnTheSeed) {
  const auto base = make_tuple(kClient, kServer, kProtocolTcp, IpVersion::v4).tuple;
  std::set<uint64_t> hashes{hash_tuple(base, 1), hash_tuple(base, 2)};
  auto changed = base;
  changed.a_port ^= 1;
  hashes.insert(hash_tuple(changed, 1));
  changed = base;
  changed.b_address.low ^= 1;
  hashes.insert(hash_tuple(changed, 1));
  changed = base;
  changed.a_address.high ^= 1;
  hashes.insert(hash_tuple(changed, 1));
  EXPECT_EQ(hashes.size(), 5u);
}

TEST(FiveTuple, NeighbouringTuplesFillBucketsEvenly) {
  constexpr int kBuckets = 256, kTuples = 256 * 64;
  std::array<int, kBuckets> low{}, high{};
  for (uint32_t i = 0; i < kTuples; ++i) {
    const Endpoint client{IpAddress::v4(0x0a000000 + i / 8), static_cast<uint16_t>(1024 + i % 8)};
    const uint64_t h =
        hash_tuple(make_tuple(client, kServer, kProtocolTcp, IpVersion::v4).tuple, 7);
    ++low[h % kBuckets];
    ++high[h >> 56];
  }
  // 64 expected in each; six standard deviations of a Poisson count.
  for (int i = 0; i < kBuckets; ++i) {
    EXPECT_NEAR(low[i], 64, 48) << "low bits, bucket " << i;
    EXPECT_NEAR(high[i], 64, 48) << "high bits, bucket " << i;
  }
}

TEST(NetworkList, EmptyFamilyIsAllInternal) {
  NetworkList list;
  EXPECT_TRUE(list.contains(IpVersion::v4, kClient.address));
  list.add(IpVersion::v6, {{0x20010db800000000, 0}, {0xffffffff00000000, 0}});
  EXPECT_TRUE(list.contains(IpVersion::v4, kClient.address));
  EXPECT_TRUE(list.contains(IpVersion::v6, {0x20010db8ffff0000, 5}));
  EXPECT_FALSE(list.contains(IpVersion::v6, {0x20010db900000000, 5}));
}

TEST(NetworkList, MatchesByMask) {
  NetworkList list;
  list.add(IpVersion::v4, {IpAddress::v4(0xc0000200), IpAddress::v4(0xffffff00)});
  EXPECT_TRUE(list.contains(IpVersion::v4, IpAddress::v4(0xc00002ff)));
  EXPECT_FALSE(list.contains(IpVersion::v4, IpAddress::v4(0xc0000300)));
}

}  // namespace
}  // namespace tapstat::flowstats
