/// Tstat's slots: which are in use, and where its cursor puts the next flow.
///
/// A flow's slot decides when the sweep looks at it and in which order lines are written, so tstat
/// mode keeps the slot numbers of the original whatever memory a flow is in. Owner thread only;
/// allocates at construction only.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "dataplane/tstat_sweep.h"
#include "flowstats/base/arena.h"

namespace tapstat::dataplane {

class SlotSet {
 public:
  /// The cursor moves before use, so the first flow is in slot 1; at most `search_max` slots are
  /// tried beyond the next one.
  SlotSet(uint32_t capacity, uint32_t search_max)
      : words_((capacity + 63) / 64),
        used_in_class_(capacity == 0 ? 0 : TstatSweep::kClasses),
        capacity_(capacity),
        search_max_(search_max) {}

  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  [[nodiscard]] size_t bytes() const {
    return words_.size() * sizeof(uint64_t) + used_in_class_.size() * sizeof(uint32_t);
  }
  [[nodiscard]] bool used(uint32_t slot) const {
    return (words_[slot / 64] >> (slot % 64) & 1) != 0;
  }

  /// kNoEntry when no slot was found. Steps over up to 64 used slots at a time: under a flood every
  /// search goes to its end.
  [[nodiscard]] uint32_t take() {
    for (uint32_t left = capacity_ > 0 ? search_max_ + 1 : 0; left > 0;) {
      if (++cursor_ >= capacity_) cursor_ = 0;
      const uint32_t busy = std::min({used_from(cursor_), left, capacity_ - cursor_});
      if (busy == 0) {
        mark_used(cursor_);
        return cursor_;
      }
      left -= busy;
      cursor_ += busy - 1;
    }
    return flowstats::kNoEntry;
  }
  void give_back(uint32_t slot) {
    words_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
    const uint32_t slot_class = slot % TstatSweep::kClasses;
    if (--used_in_class_[slot_class] == 0)
      used_classes_[slot_class / 64] &= ~(uint64_t{1} << (slot_class % 64));
  }

  /// Calls examine(slot) for the used slots, ascending; examine may give the slot back.
  template <class Examine>
  void for_each_used(Examine examine) const {
    for (uint32_t word = 0; word < words_.size(); ++word)
      for (uint64_t used = words_[word]; used != 0; used &= used - 1)
        examine(word * 64 + static_cast<uint32_t>(std::countr_zero(used)));
  }

  /// Calls examine(slot) for the used slots of some classes of Tstat's sweep, class by class and
  /// ascending; examine may give the slot back. prepare(slot) comes some slots ahead, to prefetch.
  ///
  /// 64 classes without used slots cost one look, and the search of a class ends at its last used
  /// slot, so the cost follows the flows, not the size of the table.
  template <class Prepare, class Examine>
  void for_each_used_in_classes(SweepRange classes, Prepare prepare, Examine examine) const {
    std::array<uint32_t, kAhead> found;
    uint32_t count = 0;
    const auto examine_found = [&] {
      for (uint32_t i = 0; i < count; ++i) examine(found[i]);
      count = 0;
    };
    const uint32_t end = classes.first + classes.count;
    for (uint32_t c = next_used_class(classes.first, end); c < end;
         c = next_used_class(c + 1, end)) {
      uint32_t slot = c;
      for (uint32_t left = used_in_class_[c]; left > 0; slot += TstatSweep::kClasses) {
        if (!used(slot)) continue;
        --left;
        prepare(slot);
        found[count++] = slot;
        if (count == kAhead) examine_found();
      }
    }
    examine_found();
  }

  /// Back to the state before the first flow; all slots must be free.
  void restart() { cursor_ = 0; }

 private:
  static constexpr uint32_t kAhead = 16;  // slots that are prefetched together

  /// Used slots one after the other from `slot` on, as far as its word goes.
  [[nodiscard]] uint32_t used_from(uint32_t slot) const {
    const uint64_t free = ~words_[slot / 64] >> (slot % 64);
    return free == 0 ? 64 - slot % 64 : static_cast<uint32_t>(std::countr_zero(free));
  }
  void mark_used(uint32_t slot) {
    words_[slot / 64] |= uint64_t{1} << (slot % 64);
    const uint32_t slot_class = slot % TstatSweep::kClasses;
    if (used_in_class_[slot_class]++ == 0)
      used_classes_[slot_class / 64] |= uint64_t{1} << (slot_class % 64);
  }

  /// The first class from `from` on that has a used slot; `end` or more when there is none.
  [[nodiscard]] uint32_t next_used_class(uint32_t from, uint32_t end) const {
    while (from < end) {
      const uint64_t rest = used_classes_[from / 64] >> (from % 64);
      if (rest != 0) return from + static_cast<uint32_t>(std::countr_zero(rest));
      from = (from / 64 + 1) * 64;
    }
    return end;
  }

  std::vector<uint64_t> words_;
  std::vector<uint32_t> used_in_class_;
  std::array<uint64_t, TstatSweep::kClasses / 64 + 1> used_classes_{};
  uint32_t capacity_;
  uint32_t search_max_;
  uint32_t cursor_ = 0;
};

}  // namespace tapstat::dataplane
