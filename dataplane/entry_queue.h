/// Numbered entries in the order in which they were added; any of them may leave.
///
/// For entries that all wait for the same time: the oldest is the first that is due. Eight bytes
/// for each entry, kept here and not in the entries. Owner thread only; never allocates after
/// construction.
#pragma once

#include <cstdint>

#include "flowstats/base/arena.h"

namespace tapstat::dataplane {

class EntryQueue {
 public:
  /// Entries are numbered from 0 to capacity - 1.
  explicit EntryQueue(uint32_t capacity) : links_(capacity) {}

  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] size_t bytes() const { return links_.bytes(); }
  /// See PageBlock::touch().
  void touch() { links_.touch(); }
  /// kNoEntry when there is none.
  [[nodiscard]] uint32_t oldest() const { return oldest_; }

  /// Precondition: `entry` is not in the queue.
  void add(uint32_t entry) {
    links_[entry] = {newest_, flowstats::kNoEntry};
    (newest_ == flowstats::kNoEntry ? oldest_ : links_[newest_].newer) = entry;
    newest_ = entry;
    ++size_;
  }
  /// Precondition: `entry` is in the queue.
  void remove(uint32_t entry) {
    const Link link = links_[entry];
    (link.older == flowstats::kNoEntry ? oldest_ : links_[link.older].newer) = link.newer;
    (link.newer == flowstats::kNoEntry ? newest_ : links_[link.newer].older) = link.older;
    --size_;
  }

 private:
  struct Link {
    uint32_t older, newer;  // entries
  };

  flowstats::Arena<Link> links_;
  uint32_t oldest_ = flowstats::kNoEntry, newest_ = flowstats::kNoEntry;
  uint32_t size_ = 0;
};

}  // namespace tapstat::dataplane
