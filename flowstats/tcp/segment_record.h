/// One remembered piece of a direction's sequence space, and the bounded pool that all flows of a
/// worker share.
///
/// Owned by the worker; entries are linked by number. The pool never allocates after construction;
/// running out is counted by the caller (Counter::segment_records_exhausted).
#pragma once

#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/base/units.h"
#include "flowstats/groups/options.h"

namespace tapstat::flowstats {

struct SegmentRecord {
  uint32_t first_byte = 0;  // sequence numbers
  uint32_t last_byte = 0;   // inclusive
  Timestamp sent;           // latest transmission
  uint32_t next = kNoEntry;
  uint16_t ip_id = 0;  // of the first transmission
  options::SegmentClass segment_class = options::SegmentClass::in_sequence;
  uint8_t acks = 0;  // acknowledgments that covered it, at most 255
  bool retransmitted = false;
};

class SegmentRecordPool {
 public:
  explicit SegmentRecordPool(uint32_t capacity) : records_(capacity) {}

  [[nodiscard]] SegmentRecord& operator[](uint32_t entry) { return records_[entry]; }

  /// kNoEntry when the pool is empty.
  [[nodiscard]] uint32_t take() {
    if (free_ != kNoEntry) {
      const uint32_t entry = free_;
      free_ = records_[entry].next;
      return entry;
    }
    return untouched_ < records_.capacity() ? untouched_++ : kNoEntry;
  }
  void give_back(uint32_t entry) {
    records_[entry].next = free_;
    free_ = entry;
  }
  [[nodiscard]] size_t bytes() const { return records_.bytes(); }

 private:
  Arena<SegmentRecord> records_;
  uint32_t free_ = kNoEntry;  // last in, first out: recently used lines are reused
  uint32_t untouched_ = 0;    // entries from here on were never used
};

}  // namespace tapstat::flowstats
