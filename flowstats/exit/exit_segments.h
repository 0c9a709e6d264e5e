/// The pool of outstanding segments that the exit-record connections of a lane share.
///
/// Reserved at construction; one owner thread. When it is empty, directions go on without round
/// trips, and each refusal counts.
#pragma once

#include <cstdint>

#include "flowstats/base/entry_pool.h"

namespace tapstat::flowstats {

/// A stretch of sequence numbers that was sent and is not acknowledged. It starts where the one
/// before it ends.
struct OutstandingSegment {
  enum Mark : uint8_t {
    kRetransmitted = 1,
    kSacked = 2,
    kHole = 4,   // not seen; `sent_us`, `tsval`: of the segment that showed it
    kUnfit = 8,  // no round trip: several segments in one, or seen out of order
  };

  uint32_t next = 0;
  uint32_t end = 0;     // sequence number behind the last byte
  int64_t sent_us = 0;  // latest transmission
  uint32_t tsval = 0;   // and its identity
  uint16_t ip_id = 0;
  uint8_t marks = 0;

  [[nodiscard]] bool has(Mark mark) const { return (marks & mark) != 0; }
};
static_assert(sizeof(OutstandingSegment) == 24);

class ExitSegments {
 public:
  explicit ExitSegments(uint32_t capacity) : pool_(capacity) {}

  [[nodiscard]] OutstandingSegment& operator[](uint32_t entry) { return pool_[entry]; }
  [[nodiscard]] const OutstandingSegment& operator[](uint32_t entry) const { return pool_[entry]; }
  /// kNoEntry when there is none.
  [[nodiscard]] uint32_t take() {
    const uint32_t entry = pool_.take();
    if (entry == kNoEntry) ++exhausted_;
    return entry;
  }
  void give_back(uint32_t entry) { pool_.give_back(entry); }

  [[nodiscard]] uint32_t capacity() const { return pool_.capacity(); }
  [[nodiscard]] uint32_t in_use() const { return pool_.in_use(); }
  [[nodiscard]] uint64_t exhausted() const { return exhausted_; }  // segments that got no entry
  [[nodiscard]] size_t bytes() const { return pool_.bytes(); }
  void touch() { pool_.touch(); }

 private:
  EntryPool<OutstandingSegment> pool_;
  uint64_t exhausted_ = 0;
};

}  // namespace tapstat::flowstats
