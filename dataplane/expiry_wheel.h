/// Timer wheel of corrected mode: gives idle flows back long after anybody could notice.
///
/// Lazy: an entry is examined when its slot comes up and queued again when it was heard of since,
/// so a packet costs nothing. The wheel decides nothing that shows in a log: a flow that is overdue
/// when its own next packet arrives is closed there, by the same rule, so results do not depend on
/// when the wheel turns. Work per call is bounded. Eight bytes for each entry, kept here and not in
/// the flows, so that queueing and cancelling touch no line of a neighbour's flow. Owner thread
/// only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

class ExpiryWheel {
 public:
  static constexpr uint32_t kSlots = 512;
  static constexpr flowstats::Duration kTick = flowstats::seconds(1);

  /// Entries are numbered from 0 to capacity - 1.
  explicit ExpiryWheel(uint32_t capacity) : links_(capacity) {
    for (uint32_t slot = 0; slot < kSlots; ++slot) lists_[slot] = {kEnd | slot, kEnd | slot};
  }

  [[nodiscard]] size_t bytes() const { return links_.capacity() * sizeof(Link); }
  /// See PageBlock::touch().
  void touch() { links_.touch(); }

  /// Queues `entry` to be examined soon after `deadline`; far deadlines are examined early and
  /// queued again. Behind those that were queued for the same tick before.
  void schedule(uint32_t entry, flowstats::Timestamp deadline) {
    const int64_t ticks = deadline.us / kTick.us + 1;
    const int64_t ahead = std::clamp<int64_t>(ticks - now_ticks_, 1, kSlots - 1);
    const uint32_t slot = slot_at(now_ticks_ + ahead);
    const uint32_t last = lists_[slot].previous;
    links_[entry] = {kEnd | slot, last};
    at(last).next = entry;
    lists_[slot].previous = entry;
  }

  void cancel(uint32_t entry) {
    const Link link = links_[entry];
    at(link.next).previous = link.previous;
    at(link.previous).next = link.next;
  }

  /// Moves to `now` and calls examine(entry) for at most `work_max` queued entries; examine must
  /// cancel or reschedule each. What is left over waits for the next call. prepare(entry) comes
  /// some entries ahead of examine(entry), to prefetch it.
  template <class Prepare, class Examine>
  void advance(flowstats::Timestamp now, uint32_t work_max, Prepare prepare, Examine examine) {
    const int64_t ticks = now.us / kTick.us;
    if (!started_) {
      now_ticks_ = ticks;
      started_ = true;
    }
    // A gap longer than the wheel visits every slot once.
    if (ticks - now_ticks_ > int64_t{kSlots}) now_ticks_ = ticks - kSlots;
    for (; now_ticks_ < ticks; ++now_ticks_) {
      const uint32_t& first = lists_[slot_at(now_ticks_ + 1)].next;
      while (!is_end(first)) {
        if (work_max == 0) return;
        work_max -= examine_some(first, std::min(work_max, kAhead), prepare, examine);
      }
    }
  }

  /// The entry to give up when there is no room for another: of the few whose turn comes next the
  /// one with the earliest deadline(entry), which is when it would have to go by itself. The others
  /// are queued anew, so entries that were heard of since get out of the way, and nobody stands in
  /// front for long. Stays queued. kNoEntry when nothing is queued.
  template <class Deadline>
  [[nodiscard]] uint32_t choose_victim(Deadline deadline) {
    std::array<uint32_t, kVictimChoice> next;
    const uint32_t gathered = gather_next(next);
    uint32_t victim = flowstats::kNoEntry;
    flowstats::Timestamp earliest;
    for (uint32_t i = 0; i < gathered; ++i) {
      const flowstats::Timestamp own = deadline(next[i]);
      if (victim == flowstats::kNoEntry || own < earliest) {
        victim = next[i];
        earliest = own;
      }
      cancel(next[i]);
      schedule(next[i], own);
    }
    return victim;
  }

  /// Back to the state before the first entry; nothing may be queued.
  void restart() { started_ = false; }

 private:
  static constexpr uint32_t kAhead = 8;  // entries that are prefetched together
  static constexpr uint32_t kVictimChoice = 4;
  static constexpr uint32_t kEnd = 1u << 31;  // mark: the number is a slot, not an entry

  struct Link {
    uint32_t next, previous;  // entries; the slot with kEnd at the ends of its list
  };

  static bool is_end(uint32_t number) { return (number & kEnd) != 0; }
  Link& at(uint32_t number) { return is_end(number) ? lists_[number & ~kEnd] : links_[number]; }

  static uint32_t slot_at(int64_t tick) { return static_cast<uint32_t>(tick) % kSlots; }

  /// The entries whose turn comes first, slot by slot; returns how many.
  uint32_t gather_next(std::array<uint32_t, kVictimChoice>& next) const {
    uint32_t gathered = 0;
    for (uint32_t ahead = 1; ahead <= kSlots; ++ahead)
      for (uint32_t e = lists_[slot_at(now_ticks_ + ahead)].next; !is_end(e); e = links_[e].next) {
        next[gathered++] = e;
        if (gathered == next.size()) return gathered;
      }
    return gathered;
  }

  /// The first entries of a list, at most `count`; returns how many.
  template <class Prepare, class Examine>
  uint32_t examine_some(uint32_t first, uint32_t count, Prepare prepare, Examine examine) {
    std::array<uint32_t, kAhead> due;
    uint32_t gathered = 0;
    for (uint32_t e = first; !is_end(e) && gathered < count; e = links_[e].next) {
      prepare(e);
      due[gathered++] = e;
    }
    for (uint32_t i = 0; i < gathered; ++i) examine(due[i]);
    return gathered;
  }

  flowstats::Arena<Link> links_;
  std::array<Link, kSlots> lists_;  // first and last entry of each slot
  int64_t now_ticks_ = 0;
  bool started_ = false;
};

}  // namespace tapstat::dataplane
