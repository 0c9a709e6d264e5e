#include "flowstats/wire/five_tuple.h"

#include <array>
#include <cmath>
#include <random>
#include <unordered_map>
#include <vector>

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

/// The tuple with one bit of what the hash has to depend on turned over, for each such bit.
std::vector<FiveTuple> neighbours(const FiveTuple& t) {
  std::vector<FiveTuple> all;
  const auto with = [&](auto change) {
    all.push_back(t);
    change(all.back());
  };
  const int address_bits = t.ip_version == IpVersion::v4 ? 32 : 64;
  for (int i = 0; i < address_bits; ++i) {
    const uint64_t bit = uint64_t{1} << i;
    with([&](FiveTuple& n) { n.a_address.low ^= bit; });
    with([&](FiveTuple& n) { n.b_address.low ^= bit; });
    if (t.ip_version == IpVersion::v4) continue;
    with([&](FiveTuple& n) { n.a_address.high ^= bit; });
    with([&](FiveTuple& n) { n.b_address.high ^= bit; });
  }
  for (int i = 0; i < 16; ++i) {
    const auto bit = static_cast<uint16_t>(1 << i);
    with([&](FiveTuple& n) { n.a_port ^= bit; });
    with([&](FiveTuple& n) { n.b_port ^= bit; });
  }
  with([&](FiveTuple& n) { n.protocol = kProtocolUdp; });
  return all;
}

constexpr Endpoint kClient6{{0x20010db8'00000001, 0x0211'22ff'fe33'4455}, 40000},
    kServer6{{0x20010db8'00000002, 1}, 443};

TEST(FiveTupleHash, IsSymmetricForBothVersions) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    const Endpoint a4{IpAddress::v4(static_cast<uint32_t>(random())),
                      static_cast<uint16_t>(random())};
    const Endpoint b4{IpAddress::v4(static_cast<uint32_t>(random())),
                      static_cast<uint16_t>(random())};
    const Endpoint a6{{random(), random()}, a4.port}, b6{{random(), random()}, b4.port};
    const uint64_t seed = random();
    EXPECT_EQ(hash_tuple(make_tuple(a4, b4, kProtocolTcp, IpVersion::v4).tuple, seed),
              hash_tuple(make_tuple(b4, a4, kProtocolTcp, IpVersion::v4).tuple, seed));
    EXPECT_EQ(hash_tuple(make_tuple(a6, b6, kProtocolUdp, IpVersion::v6).tuple, seed),
              hash_tuple(make_tuple(b6, a6, kProtocolUdp, IpVersion::v6).tuple, seed));
  }
}

/// A changed input bit changes each output bit for half of the seeds; in both versions.
TEST(FiveTupleHash, EveryInputBitTurnsEveryOutputBitHalfOfTheTime) {
  constexpr int kSeeds = 2000;
  for (const FiveTuple& t : {make_tuple(kClient, kServer, kProtocolTcp, IpVersion::v4).tuple,
                             make_tuple(kClient6, kServer6, kProtocolTcp, IpVersion::v6).tuple}) {
    const auto changed = neighbours(t);
    for (size_t n = 0; n < changed.size(); ++n) {
      std::array<int, 64> turned{};
      std::mt19937_64 random(n);
      for (int i = 0; i < kSeeds; ++i) {
        const HashKey key(random());
        const uint64_t difference = hash_tuple(t, key) ^ hash_tuple(changed[n], key);
        for (int bit = 0; bit < 64; ++bit) turned[bit] += difference >> bit & 1;
      }
      // Seven standard deviations: 22,000 counts are looked at.
      for (int bit = 0; bit < 64; ++bit)
        EXPECT_NEAR(turned[bit], kSeeds / 2, 157) << "change " << n << ", output bit " << bit;
    }
  }
}

/// Chi-square statistic of 256 equally likely cells, as standard deviations from its mean (255).
double deviations(const std::array<int, 256>& cells, int total) {
  const double expected = total / 256.0;
  double sum = 0;
  for (const int n : cells) sum += (n - expected) * (n - expected) / expected;
  return (sum - 255) / std::sqrt(2 * 255.0);
}

/// Tuples as networks have them: number -> tuple, all different in few bits.
FiveTuple sequential(int kind, uint32_t i) {
  const auto port = static_cast<uint16_t>(1024 + i);
  switch (kind) {
    case 0:  // ports of one client
      return make_tuple({kClient.address, port}, kServer, kProtocolTcp, IpVersion::v4).tuple;
    case 1:  // clients side by side
      return make_tuple({IpAddress::v4(0x0a000000 + i), 40000}, kServer, kProtocolTcp,
                        IpVersion::v4)
          .tuple;
    case 2:  // both
      return make_tuple({IpAddress::v4(0x0a000000 + i / 64), static_cast<uint16_t>(1024 + i % 64)},
                        kServer, kProtocolTcp, IpVersion::v4)
          .tuple;
    case 3:  // a scan: the client's port and the server's address in step
      return make_tuple({kClient.address, port}, {IpAddress::v4(0xc6330000 + i), 80}, kProtocolTcp,
                        IpVersion::v4)
          .tuple;
    case 4:  // ports, IPv6
      return make_tuple({kClient6.address, port}, kServer6, kProtocolTcp, IpVersion::v6).tuple;
    case 5:  // networks side by side
      return make_tuple({{0x20010db800000000 + (uint64_t{i} << 8), 1}, 40000}, kServer6,
                        kProtocolTcp, IpVersion::v6)
          .tuple;
    default:  // hosts side by side
      return make_tuple({{0x20010db800000000, i}, 40000}, kServer6, kProtocolTcp, IpVersion::v6)
          .tuple;
  }
}

TEST(FiveTupleHash, LowEntropyInputsFillEveryByteOfTheHashEvenly) {
  constexpr int kTuples = 256 * 64, kSeeds = 50;
  for (int kind = 0; kind < 7; ++kind) {
    std::array<double, 8> sum{};
    for (int s = 0; s < kSeeds; ++s) {
      const HashKey key(static_cast<uint64_t>(s) * 0x9e3779b97f4a7c15);
      std::array<std::array<int, 256>, 8> cells{};
      for (uint32_t i = 0; i < kTuples; ++i) {
        const uint64_t hash = hash_tuple(sequential(kind, i), key);
        for (int byte = 0; byte < 8; ++byte) ++cells[byte][hash >> 8 * byte & 0xff];
      }
      for (int byte = 0; byte < 8; ++byte) {
        const double d = deviations(cells[byte], kTuples);
        sum[byte] += d;
        EXPECT_LT(d, 7) << "inputs " << kind << ", seed " << s << ", byte " << byte;
      }
    }
    for (int byte = 0; byte < 8; ++byte)
      EXPECT_LT(sum[byte] / kSeeds, 1) << "inputs " << kind << ", byte " << byte;
  }
}

/// The worker (top bits) says nothing about the bucket (low bits), nor the bucket about the tag.
TEST(FiveTupleHash, BitsOfDifferentUseAreIndependent) {
  constexpr int kTuples = 256 * 64;
  for (int kind = 0; kind < 7; ++kind) {
    std::array<int, 256> worker_and_bucket{}, bucket_and_tag{};
    for (uint32_t i = 0; i < kTuples; ++i) {
      const uint64_t hash = hash_tuple(sequential(kind, i), 11);
      ++worker_and_bucket[(hash >> 60) << 4 | (hash >> 28 & 15)];
      ++bucket_and_tag[(hash >> 28 & 15) << 4 | (hash & 15)];
    }
    EXPECT_LT(deviations(worker_and_bucket, kTuples), 6) << "inputs " << kind;
    EXPECT_LT(deviations(bucket_and_tag, kTuples), 6) << "inputs " << kind;
  }
}

TEST(FiveTupleHash, TuplesThatCollideUnderOneSeedDoNotUnderAnother) {
  // Pairs that agree in 20 bits of the hash under one seed, found by trying.
  std::unordered_map<uint64_t, uint32_t> seen;
  int pairs = 0, still = 0;
  for (uint32_t i = 0; i < 20'000; ++i) {
    const auto [first, is_new] = seen.try_emplace(hash_tuple(sequential(3, i), 1) & 0xfffff, i);
    if (is_new) continue;
    ++pairs;
    const uint64_t difference =
        hash_tuple(sequential(3, i), 2) ^ hash_tuple(sequential(3, first->second), 2);
    still += (difference & 0xfffff) == 0 ? 1 : 0;
  }
  EXPECT_GT(pairs, 100);
  EXPECT_LE(still, 1);
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
