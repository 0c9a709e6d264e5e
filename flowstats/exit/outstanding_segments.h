/// What one end has sent and the other has not acknowledged: a list without gaps, in sequence
/// order, over entries of the worker's pool.
///
/// Stretches that the observation point missed are entries too, marked as holes. Sequence numbers
/// are compared modulo 2^32, so all must lie within 2^31 of each other. At most
/// ExitRecords::segments_per_side_max entries, or as many as the pool gives: then the newest entry
/// grows instead and gives no round trip. Owned by a worker.
#pragma once

#include <cstdint>
#include <span>

#include "flowstats/base/arena.h"
#include "flowstats/base/serial_number.h"
#include "flowstats/exit/exit_segments.h"
#include "flowstats/exit/tcp_option_list.h"

namespace tapstat::flowstats {

/// One transmission, recognisable when the network delivers it twice.
struct Transmission {
  int64_t time_us = 0;
  uint32_t tsval = 0;
  uint16_t ip_id = 0;  // 0: none
  bool has_tsval = false;

  /// The network's copy of `earlier`, not sent again: the same TSval and the same identification,
  /// or, where packets carry none, hardly any time between them.
  [[nodiscard]] bool is_copy_of(const Transmission& earlier) const;
  [[nodiscard]] bool sent_before(const Transmission& other) const {
    return has_tsval && other.has_tsval && seq_before(tsval, other.tsval);
  }
};

class OutstandingSegments {
 public:
  static constexpr int64_t kNoTime = INT64_MAX;

  /// What an acknowledgment covered.
  struct Acknowledged {
    int64_t earliest_us = kNoTime;  // transmission of the earliest that was not known to have come
    bool unfit = false;             // no round trip: retransmitted, unseen, or several in one
    bool retransmitted = false;
  };
  /// What was known of sequence numbers that come again.
  struct Overlap {
    bool seen = false, hole = false;
    bool copied = true, late = true;  // of all that was seen: earlier copies, or later ones
    bool is_late_for_hole = false;    // sent before the segment that showed the hole
    int64_t hole_since_us = kNoTime;
  };

  /// [start, end) follows everything in the list; `marks`: OutstandingSegment::Mark.
  void append(ExitSegments& segments, uint32_t entries_max, uint32_t start, uint32_t end,
              Transmission sent, uint8_t marks) {
    if (count_ >= entries_max) [[unlikely]]
      return grow_last(segments, end, sent);
    const uint32_t entry = segments.take();
    if (entry == kNoEntry) [[unlikely]]
      return grow_last(segments, end, sent);
    segments[entry] = {kNoEntry, end, sent.time_us, sent.tsval, sent.ip_id, marks};
    if (count_ == 0) {
      start_ = start;
      head_ = entry;
    } else {
      segments[tail_].next = entry;
    }
    tail_ = entry;
    ++count_;
    if ((marks & OutstandingSegment::kHole) != 0) ++holes_;
  }

  /// Gives back what ends at or before `ack`.
  Acknowledged acknowledge(ExitSegments& segments, uint32_t ack) {
    Acknowledged covered;
    while (count_ != 0) {
      const OutstandingSegment& s = segments[head_];
      if (seq_before(ack, s.end)) break;
      if (s.marks != 0) [[unlikely]]
        covered = with_marks(covered, s);
      if (!s.has(OutstandingSegment::kSacked) && s.sent_us < covered.earliest_us)
        covered.earliest_us = s.sent_us;
      const uint32_t next = s.next;
      start_ = s.end;
      segments.give_back(head_);
      head_ = next;
      --count_;
    }
    return covered;
  }

  /// Marks what lies whole in one of the blocks, which come in the order of their starts. Returns
  /// the time of the earliest that is new and fit for a round trip, or kNoTime.
  int64_t report(ExitSegments& segments, std::span<const SackBlock> blocks);

  [[nodiscard]] Overlap overlap(const ExitSegments& segments, uint32_t start, uint32_t end,
                                Transmission sent) const;
  /// [start, end) came again. Holes are filled, with `marks`; the rest is marked too, and has been
  /// sent now where it is covered whole, unless `marks` say that it was not retransmitted.
  void repeat(ExitSegments& segments, uint32_t entries_max, uint32_t start, uint32_t end,
              Transmission sent, uint8_t marks);

  void clear(ExitSegments& segments);

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] bool has_holes() const { return holes_ != 0; }
  [[nodiscard]] uint32_t sacked_bytes() const { return sacked_bytes_; }
  [[nodiscard]] uint32_t start() const { return start_; }  // meaningless when empty

 private:
  void grow_last(ExitSegments& segments, uint32_t end, Transmission sent);
  [[nodiscard]] Acknowledged with_marks(Acknowledged covered, const OutstandingSegment& s);
  bool split(ExitSegments& segments, uint32_t entries_max, uint32_t entry, uint32_t at);

  uint32_t head_ = kNoEntry, tail_ = kNoEntry;
  uint32_t start_ = 0;  // sequence number of the first entry
  uint32_t sacked_bytes_ = 0;
  uint32_t count_ = 0;
  uint32_t holes_ = 0;
};
static_assert(sizeof(OutstandingSegments) == 24);

}  // namespace tapstat::flowstats
