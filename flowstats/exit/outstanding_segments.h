/// What one end has sent and the other has not acknowledged: a list without gaps, in sequence
/// order.
///
/// Up to four segments of which nothing has to be remarked are kept inside; more, or what was
/// asked about, repeated or reported, in entries of the lane's pool until all are acknowledged.
/// Stretches that the observation point missed are entries too, marked as holes. Sequence numbers
/// are compared modulo 2^32, so all must lie within 2^31 of each other. At most
/// ExitRecords::segments_per_side_max entries of the pool, or as many as that gives: then the
/// newest entry grows instead and gives no round trip. Owned by a follower.
#pragma once

#include <algorithm>
#include <array>
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

  /// [start, end) follows everything in the list, and no transmission in it is later than `sent`;
  /// `marks`: OutstandingSegment::Mark.
  void append(ExitSegments& segments, uint32_t entries_max, uint32_t start, uint32_t end,
              const Transmission& sent, uint8_t marks) {
    if (marks != 0 || !keep_inside(start, end, sent))
      append_listed(segments, entries_max, start, end, sent, marks);
  }
  /// append() of a segment without marks, if there is room inside.
  [[nodiscard]] bool keep_inside(uint32_t start, uint32_t end, const Transmission& sent) {
    if (count_ != 0 || inside_ == kInside) return false;
    if (inside_ == 0) {
      base_us_ = sent.time_us;
      start_ = start;
    }
    const auto after_us = static_cast<uint64_t>(sent.time_us - base_us_);
    if (after_us > UINT32_MAX) [[unlikely]]
      return false;
    const uint32_t at = (first_ + inside_) % kInside;
    after_us_.data()[at] = static_cast<uint32_t>(after_us);
    end_.data()[at] = end;
    tsval_.data()[at] = sent.tsval;
    ip_id_.data()[at] = sent.ip_id;
    ++inside_;
    return true;
  }

  /// Gives back what ends at or before `ack`.
  Acknowledged acknowledge(ExitSegments& segments, uint32_t ack) {
    if (count_ != 0) return acknowledge_listed(segments, ack);
    Acknowledged covered;
    if (inside_ == 0 || seq_before(ack, end_.data()[first_])) return covered;
    covered.earliest_us = base_us_ + after_us_.data()[first_];
    do {
      start_ = end_.data()[first_];
      first_ = (first_ + 1) % kInside;
      --inside_;
    } while (inside_ != 0 && !seq_before(ack, end_.data()[first_]));
    return covered;
  }

  /// Marks what lies whole in one of the blocks, which come in the order of their starts. Returns
  /// the time of the earliest that is new and fit for a round trip, or kNoTime.
  int64_t report(ExitSegments& segments, std::span<const SackBlock> blocks);

  [[nodiscard]] Overlap overlap(ExitSegments& segments, uint32_t start, uint32_t end,
                                Transmission sent);
  /// [start, end) came again. Holes are filled, with `marks`; the rest is marked too, and has been
  /// sent now where it is covered whole, unless `marks` say that it was not retransmitted.
  void repeat(ExitSegments& segments, uint32_t entries_max, uint32_t start, uint32_t end,
              Transmission sent, uint8_t marks);

  void clear(ExitSegments& segments);

  [[nodiscard]] bool empty() const { return count_ == 0 && inside_ == 0; }
  [[nodiscard]] bool has_holes() const { return holes_ != 0; }
  [[nodiscard]] uint32_t sacked_bytes() const { return sacked_bytes_; }
  [[nodiscard]] uint32_t start() const { return start_; }  // meaningless when empty

 private:
  static constexpr uint32_t kInside = 4;

  void append_listed(ExitSegments& segments, uint32_t entries_max, uint32_t start, uint32_t end,
                     const Transmission& sent, uint8_t marks);
  [[nodiscard]] Acknowledged acknowledge_listed(ExitSegments& segments, uint32_t ack);
  void list_inside(ExitSegments& segments);
  void link(ExitSegments& segments, const OutstandingSegment& segment);
  void grow_last(ExitSegments& segments, uint32_t end, Transmission sent);
  [[nodiscard]] Acknowledged with_marks(Acknowledged covered, const OutstandingSegment& s);
  bool split(ExitSegments& segments, uint32_t entries_max, uint32_t entry, uint32_t at);

  uint32_t start_ = 0;  // sequence number of the first entry
  uint32_t count_ = 0;  // in the list; when there are some, there is none inside
  uint32_t head_ = kNoEntry, tail_ = kNoEntry;
  uint32_t sacked_bytes_ = 0;
  uint32_t holes_ = 0;
  // Those inside, a ring.
  uint32_t first_ = 0, inside_ = 0;
  int64_t base_us_ = 0;  // transmission of the first since it was empty
  std::array<uint32_t, kInside> after_us_{}, end_{}, tsval_{};
  std::array<uint16_t, kInside> ip_id_{};
};
static_assert(sizeof(OutstandingSegments) == 96);

}  // namespace tapstat::flowstats
