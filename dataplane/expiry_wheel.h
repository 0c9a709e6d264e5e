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
  explicit ExpiryWheel(uint32_t capacity) : links_(capacity) { heads_.fill(flowstats::kNoEntry); }

  [[nodiscard]] size_t bytes() const { return links_.capacity() * sizeof(Link); }
  /// See PageBlock::touch().
  void touch() { links_.touch(); }

  /// Queues `entry` to be examined soon after `deadline`; far deadlines are examined early and
  /// queued again.
  void schedule(uint32_t entry, flowstats::Timestamp deadline) {
    const int64_t ticks = deadline.us / kTick.us + 1;
    const int64_t ahead = std::clamp<int64_t>(ticks - now_ticks_, 1, kSlots - 1);
    const uint32_t slot = slot_at(now_ticks_ + ahead);
    links_[entry] = {heads_[slot], kFirst | slot};
    if (heads_[slot] != flowstats::kNoEntry) links_[heads_[slot]].previous = entry;
    heads_[slot] = entry;
  }

  void cancel(uint32_t entry) {
    const Link link = links_[entry];
    if (link.next != flowstats::kNoEntry) links_[link.next].previous = link.previous;
    if ((link.previous & kFirst) != 0)
      heads_[link.previous & ~kFirst] = link.next;
    else
      links_[link.previous].next = link.next;
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
      const uint32_t& head = heads_[slot_at(now_ticks_ + 1)];
      while (head != flowstats::kNoEntry) {
        if (work_max == 0) return;
        work_max -= examine_some(head, std::min(work_max, kAhead), prepare, examine);
      }
    }
  }

  /// Calls visit(entry) for at most `count` queued entries, those that are due first before the
  /// others, slot by slot.
  template <class Visit>
  void visit_next(uint32_t count, Visit visit) const {
    for (uint32_t ahead = 1; ahead <= kSlots; ++ahead)
      for (uint32_t e = heads_[slot_at(now_ticks_ + ahead)]; e != flowstats::kNoEntry;
           e = links_[e].next) {
        if (count-- == 0) return;
        visit(e);
      }
  }

  /// Back to the state before the first entry; nothing may be queued.
  void restart() { started_ = false; }

 private:
  static constexpr uint32_t kAhead = 8;         // entries that are prefetched together
  static constexpr uint32_t kFirst = 1u << 31;  // mark: the number is a slot, not an entry

  struct Link {
    uint32_t next;
    uint32_t previous;  // an entry, or the slot with kFirst for the first of a list
  };

  static uint32_t slot_at(int64_t tick) { return static_cast<uint32_t>(tick) % kSlots; }

  /// The first entries of a list, at most `count`; returns how many.
  template <class Prepare, class Examine>
  uint32_t examine_some(uint32_t first, uint32_t count, Prepare prepare, Examine examine) {
    std::array<uint32_t, kAhead> due;
    uint32_t gathered = 0;
    for (uint32_t e = first; e != flowstats::kNoEntry && gathered < count; e = links_[e].next) {
      prepare(e);
      due[gathered++] = e;
    }
    for (uint32_t i = 0; i < gathered; ++i) examine(due[i]);
    return gathered;
  }

  flowstats::Arena<Link> links_;
  std::array<uint32_t, kSlots> heads_;
  int64_t now_ticks_ = 0;
  bool started_ = false;
};

}  // namespace tapstat::dataplane
