/// How many flows a worker may open in a second of packet time: what is above counts as not
/// followed.
///
/// Seconds are those of the capture clock, so a replay refuses the same flows at any speed. TCP and
/// UDP together. Owner thread only.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::dataplane {

class FlowRate {
 public:
  /// `per_second_max`: 0 = no limit.
  explicit FlowRate(uint32_t per_second_max) : per_second_max_(per_second_max) {}

  /// Whether one more flow may be opened at `clock`, which never runs backwards; counts it.
  [[nodiscard]] bool admits(flowstats::Timestamp clock) {
    if (per_second_max_ == 0) return true;
    const int64_t second = clock.us / flowstats::seconds(1).us;
    if (second != second_) {
      second_ = second;
      opened_ = 0;
    }
    if (opened_ == per_second_max_) return false;
    ++opened_;
    return true;
  }

 private:
  uint32_t per_second_max_;
  uint32_t opened_ = 0;
  int64_t second_ = flowstats::kNever.us;
};

}  // namespace tapstat::dataplane
