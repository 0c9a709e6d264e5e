#include "flowstats/exit/outstanding_segments.h"

#include <algorithm>

namespace tapstat::flowstats {
namespace {

/// Two packets of one sender without identification that are the network's copies of each other
/// come closer together than this.
constexpr int64_t kCopyGapMaxUs = 1'000;

using Mark = OutstandingSegment::Mark;

Transmission transmission_of(const OutstandingSegment& s, bool has_tsval) {
  return {s.sent_us, s.tsval, s.ip_id, has_tsval};
}

}  // namespace

bool Transmission::is_copy_of(const Transmission& earlier) const {
  if (has_tsval != earlier.has_tsval || (has_tsval && tsval != earlier.tsval)) return false;
  if (ip_id != 0 || earlier.ip_id != 0) return ip_id == earlier.ip_id;
  return time_us - earlier.time_us < kCopyGapMaxUs;
}

/// Behind the last one; grows that when the pool has none left.
void OutstandingSegments::link(ExitSegments& segments, const OutstandingSegment& segment) {
  const uint32_t entry = segments.take();
  if (entry == kNoEntry)
    return grow_last(segments, segment.end, {segment.sent_us, segment.tsval, segment.ip_id, false});
  segments[entry] = segment;
  if (count_ == 0)
    head_ = entry;
  else
    segments[tail_].next = entry;
  tail_ = entry;
  ++count_;
  if (segment.has(Mark::kHole)) ++holes_;
}

void OutstandingSegments::list_inside(ExitSegments& segments) {
  for (; inside_ != 0; --inside_) {
    link(segments,
         {kNoEntry, end_[first_], base_us_ + after_us_[first_], tsval_[first_], ip_id_[first_], 0});
    first_ = (first_ + 1) % kInside;
  }
}

void OutstandingSegments::append_listed(ExitSegments& segments, uint32_t entries_max,
                                        uint32_t start, uint32_t end, const Transmission& sent,
                                        uint8_t marks) {
  list_inside(segments);
  if (count_ >= entries_max) return grow_last(segments, end, sent);
  if (count_ == 0) start_ = start;
  link(segments, {kNoEntry, end, sent.time_us, sent.tsval, sent.ip_id, marks});
}

OutstandingSegments::Acknowledged OutstandingSegments::acknowledge_listed(ExitSegments& segments,
                                                                          uint32_t ack) {
  Acknowledged covered;
  while (count_ != 0) {
    const OutstandingSegment& s = segments[head_];
    if (seq_before(ack, s.end)) break;
    if (s.marks != 0) [[unlikely]]
      covered = with_marks(covered, s);
    if (!s.has(Mark::kSacked) && s.sent_us < covered.earliest_us) covered.earliest_us = s.sent_us;
    const uint32_t next = s.next;
    start_ = s.end;
    segments.give_back(head_);
    head_ = next;
    --count_;
  }
  return covered;
}

void OutstandingSegments::grow_last(ExitSegments& segments, uint32_t end, Transmission sent) {
  if (count_ == 0) return;
  OutstandingSegment& last = segments[tail_];
  if (last.has(Mark::kHole)) --holes_;
  if (last.has(Mark::kSacked)) {
    uint32_t start = start_;
    for (uint32_t entry = head_; entry != tail_; entry = segments[entry].next)
      start = segments[entry].end;
    sacked_bytes_ -= last.end - start;
  }
  last = {kNoEntry, end, sent.time_us, sent.tsval, sent.ip_id, Mark::kUnfit};
}

OutstandingSegments::Acknowledged OutstandingSegments::with_marks(Acknowledged covered,
                                                                  const OutstandingSegment& s) {
  if (s.has(Mark::kSacked)) sacked_bytes_ -= s.end - start_;
  if (s.has(Mark::kHole)) --holes_;
  if (s.has(Mark::kRetransmitted)) covered.retransmitted = true;
  if ((s.marks & (Mark::kRetransmitted | Mark::kHole | Mark::kUnfit)) != 0) covered.unfit = true;
  return covered;
}

int64_t OutstandingSegments::report(ExitSegments& segments, std::span<const SackBlock> blocks) {
  int64_t earliest_us = kNoTime;
  list_inside(segments);
  if (count_ == 0) return earliest_us;
  uint32_t from = start_;
  for (uint32_t entry = head_; entry != kNoEntry; entry = segments[entry].next) {
    OutstandingSegment& s = segments[entry];
    while (!blocks.empty() && !seq_before(from, blocks.front().end)) blocks = blocks.subspan(1);
    if (blocks.empty()) break;
    const bool inside =
        !seq_before(from, blocks.front().start) && !seq_before(blocks.front().end, s.end);
    if (inside && !s.has(Mark::kSacked)) {
      if (s.marks == 0) earliest_us = std::min(earliest_us, s.sent_us);
      s.marks |= Mark::kSacked;
      sacked_bytes_ += s.end - from;
    }
    from = s.end;
  }
  return earliest_us;
}

OutstandingSegments::Overlap OutstandingSegments::overlap(ExitSegments& segments, uint32_t start,
                                                          uint32_t end, Transmission sent) {
  Overlap found;
  list_inside(segments);
  if (count_ == 0) return found;
  uint32_t from = start_;
  for (uint32_t entry = head_; entry != kNoEntry && seq_before(from, end);
       entry = segments[entry].next) {
    const OutstandingSegment& s = segments[entry];
    const Transmission known = transmission_of(s, sent.has_tsval);
    if (seq_before(start, s.end)) {
      if (s.has(Mark::kHole)) {
        found.hole = true;
        found.is_late_for_hole = sent.has_tsval && !known.sent_before(sent);
        found.hole_since_us = std::min(found.hole_since_us, s.sent_us);
      } else {
        found.seen = true;
        found.copied = found.copied && sent.is_copy_of(known);
        found.late = found.late && sent.sent_before(known);
      }
    }
    from = s.end;
  }
  return found;
}

/// Cuts an entry in two; false when there is no room for the second.
bool OutstandingSegments::split(ExitSegments& segments, uint32_t entries_max, uint32_t entry,
                                uint32_t at) {
  if (count_ >= entries_max) return false;
  const uint32_t second = segments.take();
  if (second == kNoEntry) return false;
  OutstandingSegment& first = segments[entry];
  segments[second] = first;
  first.end = at;
  first.next = second;
  if (tail_ == entry) tail_ = second;
  ++count_;
  if (first.has(Mark::kHole)) ++holes_;
  return true;
}

void OutstandingSegments::repeat(ExitSegments& segments, uint32_t entries_max, uint32_t start,
                                 uint32_t end, Transmission sent, uint8_t marks) {
  list_inside(segments);
  if (count_ == 0) return;
  uint32_t from = start_;
  for (uint32_t entry = head_; entry != kNoEntry && seq_before(from, end);
       entry = segments[entry].next) {
    const uint32_t before = from;
    from = segments[entry].end;
    if (!seq_before(start, from)) continue;
    if (segments[entry].has(Mark::kHole)) {
      if (seq_before(before, start) && split(segments, entries_max, entry, start)) {
        from = start;  // the part before it stays a hole
        continue;
      }
      if (seq_before(end, from) && split(segments, entries_max, entry, end)) from = end;
      OutstandingSegment& s = segments[entry];
      --holes_;
      const auto kept = static_cast<uint8_t>(marks | (s.marks & Mark::kSacked));
      s = {s.next, s.end, sent.time_us, sent.tsval, sent.ip_id, kept};
      continue;
    }
    OutstandingSegment& s = segments[entry];
    if ((marks & Mark::kRetransmitted) == 0) continue;
    s.marks |= marks;
    if (!seq_before(before, start) && !seq_before(end, s.end)) {
      s.sent_us = sent.time_us;
      s.tsval = sent.tsval;
      s.ip_id = sent.ip_id;
    }
  }
}

void OutstandingSegments::clear(ExitSegments& segments) {
  while (count_ != 0) {
    const uint32_t next = segments[head_].next;
    segments.give_back(head_);
    head_ = next;
    --count_;
  }
  sacked_bytes_ = 0;
  holes_ = 0;
  inside_ = 0;
}

}  // namespace tapstat::flowstats
