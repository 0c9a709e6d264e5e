/// The flow key: two endpoints in canonical order, protocol and IP version, with a symmetric hash.
///
/// Both directions of a conversation give the same FiveTuple and differ only in Direction. Ports in
/// host byte order. VLAN tags, MPLS labels and tunnels are not part of the key.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>

#include "flowstats/wire/ip_address.h"

namespace tapstat::flowstats {

inline constexpr uint8_t kProtocolTcp = 6;   // RFC 9293
inline constexpr uint8_t kProtocolUdp = 17;  // RFC 768

struct Endpoint {
  IpAddress address;
  uint16_t port = 0;
  constexpr auto operator<=>(const Endpoint&) const = default;
};

/// Which of the two canonical endpoints sent a packet.
enum class Direction : uint8_t { from_a = 0, from_b = 1 };

constexpr Direction opposite(Direction d) {
  return d == Direction::from_a ? Direction::from_b : Direction::from_a;
}

struct FiveTuple {
  IpAddress a_address, b_address;  // endpoint a is never greater than endpoint b
  uint16_t a_port = 0, b_port = 0;
  uint8_t protocol = 0;
  IpVersion ip_version = IpVersion::v4;
  uint16_t unused =
      0;  // keeps the key free of padding so that it can be compared and hashed as words

  constexpr bool operator==(const FiveTuple&) const = default;
  [[nodiscard]] constexpr Endpoint sender(Direction d) const {
    return d == Direction::from_a ? Endpoint{a_address, a_port} : Endpoint{b_address, b_port};
  }
};
static_assert(sizeof(FiveTuple) == 40);

struct DirectedTuple {
  FiveTuple tuple;
  Direction direction = Direction::from_a;
};

/// Puts source and destination in canonical order. Equal endpoints (a LAND packet) count as from_a.
[[nodiscard]] constexpr DirectedTuple make_tuple(Endpoint source, Endpoint destination,
                                                 uint8_t protocol, IpVersion version) {
  if (destination < source)
    return {
        {destination.address, source.address, destination.port, source.port, protocol, version, 0},
        Direction::from_b};
  return {
      {source.address, destination.address, source.port, destination.port, protocol, version, 0},
      Direction::from_a};
}

/// The 128-bit product of two words, folded to 64 bits: the mixing step of the hash. Every operand
/// below holds a key word, so that nobody who does not know the seed can choose it.
[[nodiscard]] constexpr uint64_t multiply_and_fold(uint64_t x, uint64_t y) {
  const auto product = static_cast<unsigned __int128>(x) * y;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// The key words of the hash, made from a seed: fixed for replays and random for live ports (hash
/// flooding).
struct HashKey {
  uint64_t word[6];

  constexpr explicit HashKey(uint64_t seed)
      // The constants are the first words of the fraction of pi: arbitrary, with mixed bits.
      : word{seed ^ 0x243f6a8885a308d3ULL,
             std::rotl(seed, 13) ^ 0x13198a2e03707344ULL,
             std::rotl(seed, 26) ^ 0xa4093822299f31d0ULL,
             std::rotl(seed, 39) ^ 0x082efa98ec4e6c89ULL,
             std::rotl(seed, 52) ^ 0x452821e638d01377ULL,
             std::rotl(seed, 5) ^ 0xbe5466cf34e90c6cULL} {}
};

/// The hash of an IPv4 tuple from its two endpoints in canonical order, address << 16 | port.
[[nodiscard]] constexpr uint64_t hash_ipv4(uint64_t endpoint_a, uint64_t endpoint_b,
                                           uint8_t protocol, const HashKey& key) {
  const uint64_t endpoints = multiply_and_fold(endpoint_a ^ key.word[0], endpoint_b ^ key.word[1]);
  return multiply_and_fold(endpoints ^ key.word[2], protocol ^ key.word[3]);
}

/// The hash of an IPv6 tuple from its addresses in canonical order; `ports` is b_port << 16 |
/// a_port.
[[nodiscard]] constexpr uint64_t hash_ipv6(const IpAddress& a, const IpAddress& b, uint32_t ports,
                                           uint8_t protocol, const HashKey& key) {
  const uint64_t high = multiply_and_fold(a.high ^ key.word[0], b.high ^ key.word[1]);
  // The ports take part twice: here, so that they pass two multiplications, and below, so that an
  // address and a port that cancel each other here still differ.
  const uint64_t low =
      multiply_and_fold(a.low ^ uint64_t{ports} << 32 ^ key.word[2], b.low ^ key.word[3]);
  return multiply_and_fold(high ^ ports ^ key.word[4], low ^ protocol ^ key.word[5]);
}

/// 64-bit keyed hash of the tuple; symmetric because the tuple is canonical. The flow table takes
/// its low half, sharding its high half.
[[nodiscard]] constexpr uint64_t hash_tuple(const FiveTuple& t, const HashKey& key) {
  if (t.ip_version == IpVersion::v4)
    return hash_ipv4(t.a_address.low << 16 | t.a_port, t.b_address.low << 16 | t.b_port, t.protocol,
                     key);
  return hash_ipv6(t.a_address, t.b_address, uint32_t{t.b_port} << 16 | t.a_port, t.protocol, key);
}
[[nodiscard]] constexpr uint64_t hash_tuple(const FiveTuple& t, uint64_t seed) {
  return hash_tuple(t, HashKey(seed));
}

}  // namespace tapstat::flowstats
