/// The flow key: two endpoints in canonical order, protocol and IP version, with a symmetric hash.
///
/// Both directions of a conversation give the same FiveTuple and differ only in Direction. Ports in
/// host byte order. VLAN tags, MPLS labels and tunnels are not part of the key.
#pragma once

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

/// 64-bit keyed hash of the tuple; symmetric because the tuple is canonical. The table takes its
/// low half, sharding its high half. `seed` is fixed for replays and random for live ports (hash
/// flooding).
[[nodiscard]] constexpr uint64_t hash_tuple(const FiveTuple& t, uint64_t seed) {
  constexpr uint64_t kOdd =
      0x9e3779b97f4a7c15ULL;  // 2^64 / golden ratio (Knuth, TAOCP vol. 3, 6.4)
  const uint64_t ports = (uint64_t{t.a_port} << 48) | (uint64_t{t.b_port} << 32) |
                         (uint64_t{t.protocol} << 8) | static_cast<uint64_t>(t.ip_version);
  const auto fold = [](uint64_t x, uint64_t y) {
    const auto product = static_cast<unsigned __int128>(x) * y;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  const uint64_t addresses_a =
      fold(t.a_address.low ^ seed ^ kOdd, t.b_address.low ^ 0xe7037ed1a0b428dbULL);
  const uint64_t addresses_b =
      fold(t.a_address.high ^ 0x8ebc6af09c88c6e3ULL, t.b_address.high ^ seed ^ kOdd);
  return fold(addresses_a ^ ports ^ 0x589965cc75374cc3ULL, addresses_b ^ ports ^ kOdd);
}

}  // namespace tapstat::flowstats
