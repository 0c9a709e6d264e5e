/// The slots of several packet rings in the order of packet time.
///
/// A slot is given out when no ring can still bring an older one: each ring that is empty says up
/// to where it is complete. A ring that says nothing is waited for, but no longer than the
/// hold-back and not while another ring fills up. Within a ring the order stays. Trace writer's
/// thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "flowstats/base/units.h"
#include "flowstats/trace_queue.h"

namespace tapstat::exporters {

class TraceMerge {
 public:
  using Clock = std::chrono::steady_clock;

  /// `sources` outlive the merge.
  TraceMerge(std::vector<flowstats::TraceSource*> sources, Clock::duration hold_back);

  /// The next slot, valid until pop(); nullptr when there is none now. A tally comes as soon as it
  /// is the oldest of its ring.
  [[nodiscard]] const flowstats::TraceSlot* next();
  void pop();
  /// As of the last next(): nothing older will come in order.
  [[nodiscard]] flowstats::Timestamp frontier() const { return frontier_; }

 private:
  [[nodiscard]] bool may_pass(bool is_filling);

  std::vector<flowstats::TraceSource*> sources_;
  Clock::duration hold_back_;
  std::optional<Clock::time_point> waiting_since_;
  flowstats::TraceSource* chosen_ = nullptr;
  flowstats::Timestamp frontier_ = flowstats::kNever;
};

}  // namespace tapstat::exporters
