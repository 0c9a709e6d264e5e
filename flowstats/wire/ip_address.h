/// An IPv4 or IPv6 address as two integers, so that comparing and hashing are word operations.
///
/// Host byte order: `high` holds the first eight bytes of an IPv6 address. IPv4 is kept in the low
/// 32 bits of `low` with `high` zero; the family is part of the value's owner
/// (FiveTuple::ip_version) and of this type's text form.
#pragma once

#include <compare>
#include <cstdint>

namespace tapstat::flowstats {

enum class IpVersion : uint8_t { v4 = 4, v6 = 6 };

struct IpAddress {
  uint64_t high = 0;
  uint64_t low = 0;
  constexpr auto operator<=>(const IpAddress&) const = default;

  static constexpr IpAddress v4(uint32_t host_order) { return {0, host_order}; }
};

}  // namespace tapstat::flowstats
