/// Tstat's table sweep: when it runs and which slots it examines.
///
/// It runs only when a TCP or UDP flow is about to be created and more than a step has passed since
/// its last run, one class of slots per step of packet time, all classes in a full turn of 10,000
/// steps (5 s). A run examines each class at most once: further turns would find the same. tstat
/// mode only; the order of log lines follows from it.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// Classes of slots first to first + count - 1.
struct SweepRange {
  uint32_t first = 0, count = 0;
};

class TstatSweep {
 public:
  static constexpr uint32_t kClasses = 10'000;
  static constexpr flowstats::Duration kStep{500};

  /// The first IP packet of the trace, whatever its protocol, starts the clock.
  void start_at(flowstats::Timestamp first_ip_packet) {
    if (last_run_ == flowstats::kNever) last_run_ = first_ip_packet;
  }
  void restart() { *this = {}; }

  /// A flow is about to be created at `now`: calls examine(range) for the classes that are due, in
  /// order, at most twice.
  ///
  /// A run cannot be spread over several packets: the lines it gives come before those of every
  /// later packet, and a flow it closes does not take the packet that follows. What bounds it is
  /// the number of flows that are open, each of which is looked at once, after 5 s without a new
  /// flow; with new flows all the time a run is a class or two.
  template <class Examine>
  void run(flowstats::Timestamp now, Examine examine) {
    const flowstats::Duration gap = elapsed(last_run_, now);
    if (gap <= kStep) return;
    const uint64_t steps = (static_cast<uint64_t>(gap.us) + kStep.us - 1) / kStep.us;
    last_run_ = now;
    const uint32_t turn = steps < kClasses ? static_cast<uint32_t>(steps) : kClasses;
    const uint32_t before_wrap = turn < kClasses - next_class_ ? turn : kClasses - next_class_;
    examine(SweepRange{next_class_, before_wrap});
    if (before_wrap < turn) examine(SweepRange{0, turn - before_wrap});
    next_class_ = static_cast<uint32_t>((next_class_ + steps) % kClasses);
  }

 private:
  flowstats::Timestamp last_run_ = flowstats::kNever;
  uint32_t next_class_ = 0;
};

}  // namespace tapstat::dataplane
