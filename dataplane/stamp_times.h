/// Packet times from the kernel's stamps, which follow the machine's clock when it is set; packet
/// times do not.
///
/// A frame may have been stamped before the clock was set and be read after, so of the latest two
/// settings that one counts by which it comes neither before the packets that were read nor from
/// the future. Owned by the thread that receives; nothing here fails.
#pragma once

#include <utility>

#include "dataplane/packet_clock.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

class StampTimes {
 public:
  /// A stamp that differs more from what it can be is one of a clock that was set.
  static constexpr flowstats::Duration kTolerance = flowstats::milliseconds(50);

  /// `clock` outlives it.
  explicit StampTimes(const PacketClock& clock) : clock_(clock) {}

  /// `now`: the packet clock, read for this burst. `read` gives the clocks of this moment, for
  /// `now` may be long ago: we were interrupted.
  template <class Read = ClockReading (*)()>
  [[nodiscard]] flowstats::Timestamp time_of(flowstats::Timestamp stamp, flowstats::Timestamp now,
                                             Read read = read_clocks) {
    flowstats::Timestamp time = by(stepped_, stamp);
    if (time > now + kTolerance || is_too_early(time) || steps_seen_ != clock_.steps()) [[unlikely]]
      time = settle(stamp, read());
    latest_ = time;
    return time;
  }
  /// kNever before the first.
  [[nodiscard]] flowstats::Timestamp latest() const { return latest_; }

 private:
  [[nodiscard]] static flowstats::Timestamp by(flowstats::Duration stepped,
                                               flowstats::Timestamp stamp) {
    return stamp + flowstats::Duration{-stepped.us};
  }
  [[nodiscard]] bool is_too_early(flowstats::Timestamp time) const {
    return latest_ != flowstats::kNever && time + kTolerance < latest_;
  }
  [[nodiscard]] flowstats::Timestamp settle(flowstats::Timestamp stamp,
                                            const ClockReading& reading);

  const PacketClock& clock_;
  flowstats::Duration stepped_, stepped_before_;  // by how much it was set: now, and until then
  uint64_t steps_seen_ = ~uint64_t{0};            // of PacketClock; at first none
  flowstats::Timestamp latest_ = flowstats::kNever;
};

}  // namespace tapstat::dataplane
