/// Which hourly trace files a packet belongs to: the file of hour H takes the packets from H - pre
/// until before H + 3600 s + post, so neighbours share a minute or so.
///
/// Worker and trace writer use the same arithmetic. Hours are counted from 1970-01-01 00:00 UTC.
/// Plain values, no owner thread.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::flowstats {

inline constexpr Duration kHour = seconds(3'600);

/// Neighbouring hours, both included. With pre + post below an hour never more than two.
struct TraceHours {
  int64_t first = 0, last = 0;
  constexpr bool operator==(const TraceHours&) const = default;
};

/// Times from `begin` until before `end`, all of the same hours.
struct TraceInterval {
  Timestamp begin{}, end{};
  TraceHours hours;
  [[nodiscard]] constexpr bool has(Timestamp t) const { return begin <= t && t < end; }
};

struct TraceWindows {
  Duration pre = seconds(50), post = seconds(10);  // not negative; together below an hour

  [[nodiscard]] static constexpr int64_t hour_of(int64_t us) {
    const int64_t hour = us / kHour.us;
    return us % kHour.us < 0 ? hour - 1 : hour;
  }
  [[nodiscard]] constexpr TraceHours hours(Timestamp t) const {
    return {hour_of(t.us - post.us), hour_of(t.us + pre.us)};
  }
  [[nodiscard]] constexpr Timestamp begin(int64_t hour) const { return {hour * kHour.us - pre.us}; }
  [[nodiscard]] constexpr Timestamp end(int64_t hour) const {
    return {(hour + 1) * kHour.us + post.us};
  }
  /// The longest stretch around `t` whose packets all go to the same files.
  [[nodiscard]] constexpr TraceInterval interval(Timestamp t) const {
    const TraceHours h = hours(t);
    if (h.first == h.last) return {end(h.first - 1), begin(h.first + 1), h};
    return {begin(h.last), end(h.first), h};
  }
};

}  // namespace tapstat::flowstats
