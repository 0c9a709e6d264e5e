/// TCP sequence number arithmetic modulo 2^32 (RFC 9293 section 3.4, RFC 1982).
///
/// Used in corrected mode; tstat mode compares plain 32-bit values on purpose
/// (docs/differences_from_tstat.md).
#pragma once

#include <cstdint>

namespace tapstat::flowstats {

/// True when `a` comes before `b` on the sequence circle.
constexpr bool seq_before(uint32_t a, uint32_t b) { return static_cast<int32_t>(a - b) < 0; }
constexpr bool seq_at_or_after(uint32_t a, uint32_t b) { return !seq_before(a, b); }

}  // namespace tapstat::flowstats
