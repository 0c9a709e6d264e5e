/// A bounded pool of equal entries, addressed by 32-bit numbers: last in, first out, so that
/// recently used lines are used again; entries never used before come last.
///
/// Memory is reserved at construction and touched on first use. One owner thread.
#pragma once

#include <cstdint>
#include <cstring>

#include "flowstats/base/arena.h"

namespace tapstat::flowstats {

template <class T>
class EntryPool {
  static_assert(sizeof(T) >= sizeof(uint32_t) && std::is_trivially_copyable_v<T>);

 public:
  explicit EntryPool(uint32_t capacity) : entries_(capacity) {}

  [[nodiscard]] T& operator[](uint32_t entry) { return entries_[entry]; }
  [[nodiscard]] const T& operator[](uint32_t entry) const { return entries_[entry]; }
  [[nodiscard]] uint32_t capacity() const { return entries_.capacity(); }
  [[nodiscard]] uint32_t in_use() const { return in_use_; }
  /// Entries from here on were never taken.
  [[nodiscard]] uint32_t untouched_from() const { return untouched_; }
  [[nodiscard]] size_t bytes() const { return entries_.bytes(); }
  /// See PageBlock::touch().
  void touch() { entries_.touch(); }

  /// kNoEntry when the pool is empty. The content is whatever the last user left, but for the first
  /// word.
  [[nodiscard]] uint32_t take() {
    uint32_t entry = free_;
    if (entry != kNoEntry) {
      std::memcpy(&free_, static_cast<const void*>(&entries_[entry]), sizeof free_);
      if (free_ != kNoEntry) __builtin_prefetch(&entries_[free_], 1);
    } else if (untouched_ < entries_.capacity()) {
      entry = untouched_++;
    } else {
      return kNoEntry;
    }
    ++in_use_;
    return entry;
  }
  void give_back(uint32_t entry) {
    std::memcpy(static_cast<void*>(&entries_[entry]), &free_, sizeof free_);
    free_ = entry;
    --in_use_;
  }

  /// Back to the state before the first entry was taken; all must be free.
  void restart() {
    free_ = kNoEntry;
    untouched_ = 0;
  }

 private:
  Arena<T> entries_;
  uint32_t free_ = kNoEntry;  // linked through the first word of the free entries
  uint32_t untouched_ = 0;
  uint32_t in_use_ = 0;
};

}  // namespace tapstat::flowstats
