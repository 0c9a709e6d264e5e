#include "dataplane/stamp_times.h"

#include <algorithm>

namespace tapstat::dataplane {

using flowstats::Duration;
using flowstats::Timestamp;

[[gnu::noinline]] Timestamp StampTimes::settle(Timestamp stamp, const ClockReading& reading) {
  steps_seen_ = clock_.steps();
  const Duration stepped = clock_.stepped_at(reading);
  if (stepped.us != stepped_.us) stepped_before_ = std::exchange(stepped_, stepped);
  const Timestamp limit = clock_.at(reading.ticks) + kTolerance;
  for (const Duration setting : {stepped_, stepped_before_}) {
    const Timestamp time = by(setting, stamp);
    if (time <= limit && !is_too_early(time)) return time;
  }
  const Timestamp time = by(stepped_, stamp);
  return std::min(is_too_early(time) ? latest_ : time, limit);
}

}  // namespace tapstat::dataplane
