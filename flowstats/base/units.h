/// Strong types for the quantities that cross function borders.
///
/// All times are integer microseconds; a Timestamp counts from 1970-01-01 00:00:00 UTC. Plain
/// values, free to copy, no owner thread.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace tapstat::flowstats {

struct Duration {
  int64_t us = 0;
  constexpr auto operator<=>(const Duration&) const = default;
};

struct Timestamp {
  int64_t us = 0;
  constexpr auto operator<=>(const Timestamp&) const = default;
};

/// A moment that has not happened: below every packet time.
inline constexpr Timestamp kNever{std::numeric_limits<int64_t>::min()};

constexpr Duration operator-(Timestamp later, Timestamp earlier) {
  return {
      static_cast<int64_t>(static_cast<uint64_t>(later.us) - static_cast<uint64_t>(earlier.us))};
}
constexpr Timestamp operator+(Timestamp t, Duration d) { return {t.us + d.us}; }

/// later - earlier, and zero when `later` is before `earlier`: Tstat's elapsed time (golden case
/// time_backwards).
constexpr Duration elapsed(Timestamp earlier, Timestamp later) {
  return later > earlier ? later - earlier : Duration{0};
}

constexpr Duration seconds(int64_t s) { return {s * 1'000'000}; }
constexpr Duration milliseconds(int64_t ms) { return {ms * 1'000}; }

}  // namespace tapstat::flowstats
