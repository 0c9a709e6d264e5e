/// Timer wheel of corrected mode: gives idle entries back long after anybody could notice.
///
/// Lazy: an entry is examined when its slot comes up and queued again when it was heard of since,
/// so a packet costs nothing. The wheel decides nothing that shows in a log: a flow that is overdue
/// when its own next packet arrives is closed there, by the same rule, so results do not depend on
/// when the wheel turns. Work per call is bounded. Owner thread only; links are members of the
/// entries (wheel_next, wheel_previous, wheel_slot).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

template <class Table>
class ExpiryWheel {
 public:
  static constexpr uint32_t kSlots = 512;
  static constexpr flowstats::Duration kTick = flowstats::seconds(1);

  explicit ExpiryWheel(Table& table) : table_(table) { heads_.fill(flowstats::kNoEntry); }

  /// Queues `entry` to be examined soon after `deadline`; far deadlines are examined early and
  /// queued again.
  void schedule(uint32_t entry, flowstats::Timestamp deadline) {
    const int64_t ticks = deadline.us / kTick.us + 1;
    const int64_t ahead = std::clamp<int64_t>(ticks - now_ticks_, 1, kSlots - 1);
    const auto slot = static_cast<uint32_t>(
        (static_cast<uint64_t>(now_ticks_) + static_cast<uint64_t>(ahead)) % kSlots);
    auto& e = table_[entry];
    e.wheel_slot = slot;
    e.wheel_previous = flowstats::kNoEntry;
    e.wheel_next = heads_[slot];
    if (e.wheel_next != flowstats::kNoEntry) table_[e.wheel_next].wheel_previous = entry;
    heads_[slot] = entry;
  }

  void cancel(uint32_t entry) {
    auto& e = table_[entry];
    if (e.wheel_next != flowstats::kNoEntry) table_[e.wheel_next].wheel_previous = e.wheel_previous;
    if (e.wheel_previous != flowstats::kNoEntry)
      table_[e.wheel_previous].wheel_next = e.wheel_next;
    else
      heads_[e.wheel_slot] = e.wheel_next;
  }

  /// Moves to `now` and calls examine(entry) for at most `work_max` queued entries; examine must
  /// cancel or reschedule each. What is left over waits for the next call.
  template <class Examine>
  void advance(flowstats::Timestamp now, uint32_t work_max, Examine examine) {
    const int64_t ticks = now.us / kTick.us;
    if (!started_) {
      now_ticks_ = ticks;
      started_ = true;
    }
    // A gap longer than the wheel visits every slot once.
    if (ticks - now_ticks_ > int64_t{kSlots}) now_ticks_ = ticks - kSlots;
    while (now_ticks_ < ticks) {
      const auto slot = static_cast<uint32_t>(static_cast<uint64_t>(now_ticks_ + 1) % kSlots);
      while (heads_[slot] != flowstats::kNoEntry) {
        if (work_max-- == 0) return;
        examine(heads_[slot]);
      }
      ++now_ticks_;
    }
  }

 private:
  Table& table_;
  std::array<uint32_t, kSlots> heads_;
  int64_t now_ticks_ = 0;
  bool started_ = false;
};

}  // namespace tapstat::dataplane
