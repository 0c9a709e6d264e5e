/// A flow's own clock: times near a moment as 32-bit microseconds, so that they fit into the lines
/// that every segment touches.
///
/// Plain values; no owner thread.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::flowstats {

/// A time, also on the clock of a flow. `us` means something when `near` is true only.
struct Moment {
  Timestamp time;
  int32_t us = 0;
  bool near = false;  // within 35 minutes of the clock's base
};

class TimeBase {
 public:
  TimeBase() = default;
  /// The newest base that is not later than `t`; the nearest possible one for a time before 1970 or
  /// after 2112, for which no moment is near.
  explicit TimeBase(Timestamp t) {
    const int64_t steps = t.us >> kStepBits;
    if (steps > 0) steps_ = steps > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(steps);
  }

  [[nodiscard]] bool is_near(Timestamp t) const {
    const int64_t us = (t - start()).us;
    return us == static_cast<int32_t>(us);
  }
  [[nodiscard]] Moment moment(Timestamp t) const {
    return {t, static_cast<int32_t>((t - start()).us), is_near(t)};
  }
  [[nodiscard]] Timestamp time(int32_t us) const { return {start().us + us}; }

 private:
  static constexpr int kStepBits = 20;  // 1.05 s
  [[nodiscard]] Timestamp start() const { return {int64_t{steps_} << kStepBits}; }
  uint32_t steps_ = 0;
};

}  // namespace tapstat::flowstats
