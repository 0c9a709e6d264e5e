/// Which entries of a table are in use, and where the next flow goes.
///
/// Two policies: Tstat's cursor, which walks on from the last slot given (its order of lines
/// depends on it), and last in, first out, which reuses warm lines and finds a free slot at once.
/// Owner thread only; allocates at construction only.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "dataplane/tstat_sweep.h"
#include "flowstats/base/arena.h"

namespace tapstat::dataplane {

class SlotSet {
 public:
  /// Tstat's cursor: it moves before use, so the first flow is in slot 1; at most `search_max`
  /// slots are tried beyond the next one.
  static SlotSet with_cursor(uint32_t capacity, uint32_t search_max) {
    return SlotSet(capacity, search_max, false);
  }
  static SlotSet last_in_first_out(uint32_t capacity) { return SlotSet(capacity, 0, true); }

  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  [[nodiscard]] bool used(uint32_t slot) const {
    return (words_[slot / 64] >> (slot % 64) & 1) != 0;
  }

  /// kNoEntry when no slot was found.
  [[nodiscard]] uint32_t take() {
    const uint32_t slot = lifo_ ? pop() : search();
    if (slot == flowstats::kNoEntry) return slot;
    words_[slot / 64] |= uint64_t{1} << (slot % 64);
    if (!lifo_) ++used_in_class_[slot % TstatSweep::kClasses];
    return slot;
  }
  void give_back(uint32_t slot) {
    words_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
    if (lifo_)
      free_.push_back(slot);
    else
      --used_in_class_[slot % TstatSweep::kClasses];
  }

  /// Calls examine(slot) for the used slots, ascending; examine may give the slot back.
  template <class Examine>
  void for_each_used(Examine examine) const {
    for (uint32_t word = 0; word < words_.size(); ++word)
      for (uint64_t used = words_[word]; used != 0; used &= used - 1)
        examine(word * 64 + static_cast<uint32_t>(std::countr_zero(used)));
  }

  /// Cursor only: calls examine(slot) for the used slots of a class of Tstat's sweep, ascending;
  /// examine may give the slot back. A class without used slots costs one look.
  template <class Examine>
  void for_each_used_in_class(uint32_t slot_class, Examine examine) const {
    if (used_in_class_[slot_class] == 0) return;
    for (uint32_t slot = slot_class; slot < capacity_; slot += TstatSweep::kClasses)
      if (used(slot)) examine(slot);
  }

  /// Back to the state before the first flow; all slots must be free.
  void restart() {
    cursor_ = 0;
    untouched_ = 0;
    free_.clear();
  }

 private:
  SlotSet(uint32_t capacity, uint32_t search_max, bool lifo)
      : words_((capacity + 63) / 64), capacity_(capacity), search_max_(search_max), lifo_(lifo) {
    if (lifo)
      free_.reserve(capacity);
    else
      used_in_class_.resize(TstatSweep::kClasses);
  }

  uint32_t search() {
    for (uint32_t tried = 0; tried <= search_max_; ++tried) {
      if (++cursor_ >= capacity_) cursor_ = 0;
      if (!used(cursor_)) return cursor_;
    }
    return flowstats::kNoEntry;
  }
  uint32_t pop() {
    if (!free_.empty()) {
      const uint32_t slot = free_.back();
      free_.pop_back();
      return slot;
    }
    return untouched_ < capacity_ ? untouched_++ : flowstats::kNoEntry;
  }

  std::vector<uint64_t> words_;
  std::vector<uint32_t> free_;           // last in, first out
  std::vector<uint32_t> used_in_class_;  // cursor: by class of the sweep
  uint32_t capacity_;
  uint32_t search_max_;
  bool lifo_;
  uint32_t untouched_ = 0;  // last in, first out: slots from here on were never used
  uint32_t cursor_ = 0;
};

}  // namespace tapstat::dataplane
