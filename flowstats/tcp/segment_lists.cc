#include "flowstats/tcp/segment_lists.h"

#include <algorithm>

namespace tapstat::flowstats {

namespace {

using options::SegmentClass;

/// Last byte of a quadrant. Tstat's constant is 1, 2 and 3 bytes short for quadrants 1, 2 and 3, so
/// that the segment after one that straddles the boundary seems to repeat that many bytes (golden
/// case quadrant_boundary).
constexpr uint32_t quadrant_end(uint32_t number, Mode mode) {
  return mode == Mode::tstat ? ((1u << 30) - 1) * (number + 1) : ((number + 1) << 30) - 1;
}

}  // namespace

/// A segment, or what is left of it, on its way into one quadrant's list.
struct SegmentLists::Placement {
  uint32_t first, last;
  const RetransmissionEvidence& evidence;
  options::SegmentClassCounts& classified;
  bool split = false;    // an earlier record already took some of its bytes
  int64_t repeated = 0;  // so far, in this quadrant
  bool out_of_order = false;

  [[nodiscard]] int64_t length() const { return int64_t{static_cast<int32_t>(last - first + 1)}; }
  SegmentClass classify(const AnomalyContext& anomaly) const {
    const SegmentClass c = classify_anomaly(anomaly, evidence);
    ++classified[c];
    return c;
  }
  [[nodiscard]] SegmentRecord record(SegmentClass c = SegmentClass::in_sequence) const {
    return {first, last, evidence.now, kNoEntry, evidence.ip_id, c, 0, false};
  }
};

void SegmentLists::empty(TrackerContext& context, Quadrant& q) {
  for (uint32_t entry = q.head; entry != kNoEntry;) {
    const uint32_t next = context.pool[entry].next;
    context.pool.give_back(entry);
    entry = next;
  }
  q.head = q.tail = kNoEntry;
  q.count = 0;
}

void SegmentLists::clear(TrackerContext& context) {
  for (Quadrant& q : quadrants_) empty(context, q);
}

/// Makes `number` the centre: its neighbours are kept, the opposite quadrant is forgotten.
void SegmentLists::touch(TrackerContext& context, uint32_t number) {
  Quadrant& centre = quadrant(number);
  if (centre.is_centre()) return;
  Quadrant &next = quadrant(number + 1), &previous = quadrant(number + 3);
  centre.linked_to_next = centre.linked_to_previous = 1;
  next.linked_to_previous = 1;
  next.linked_to_next = 0;
  previous.linked_to_next = 1;
  previous.linked_to_previous = 0;
  empty(context, quadrant(number + 2));
}

SegmentVerdict SegmentLists::insert(TrackerContext& context, uint32_t first, int32_t length,
                                    const RetransmissionEvidence& evidence,
                                    options::SegmentClassCounts& classified) {
  const uint32_t number = quadrant_of(first);
  touch(context, number);
  SegmentVerdict verdict;
  const uint32_t last = first + static_cast<uint32_t>(length) - 1;
  if (length <= 0 || quadrant_of(last) == number) {
    place(context, quadrant(number), {first, last, evidence, classified}, verdict);
    return verdict;
  }
  uint32_t end = quadrant_end(number, context.mode);
  if (first > end) end = quadrant_end(number, Mode::corrected);
  const uint32_t length_here = end - first + 1;
  const uint32_t rest_first = (number + 1) << 30;
  place(context, quadrant(number), {first, end, evidence, classified}, verdict);
  place(context, quadrant(number + 1),
        {rest_first, rest_first + static_cast<uint32_t>(length) - length_here - 1, evidence,
         classified},
        verdict);
  return verdict;
}

void SegmentLists::append(TrackerContext& context, Quadrant& q, const SegmentRecord& record) {
  const uint32_t entry = context.pool.take();
  if (entry == kNoEntry) {
    ++context.records_exhausted;
    return;
  }
  context.pool[entry] = record;
  if (q.tail == kNoEntry)
    q.head = entry;
  else
    context.pool[q.tail].next = entry;
  q.tail = entry;
  if (++q.count <= context.records_per_quadrant_max) return;
  // The oldest boundary is given up: the second record covers the first as well.
  const uint32_t oldest = q.head;
  q.head = context.pool[oldest].next;
  context.pool[q.head].first_byte = context.pool[oldest].first_byte;
  context.pool.give_back(oldest);
  --q.count;
  ++context.records_merged;
}

void SegmentLists::append_record(TrackerContext& context, const SegmentRecord& record) {
  append(context, quadrant(quadrant_of(record.first_byte)), record);
}

const SegmentRecord* SegmentLists::settled(const TrackerContext& context) const {
  const Quadrant* only = nullptr;
  for (uint32_t number = 0; number < 4; ++number) {
    const Quadrant& q = quadrants_[number];
    if (q.count == 0) continue;
    if (only != nullptr || q.count > 1) return nullptr;
    // Where the records are must be the one centre, as in a direction that was always in order.
    if (!q.is_centre() || quadrants_[(number + 2) & 3].is_centre()) return nullptr;
    only = &q;
  }
  if (only == nullptr) return nullptr;
  const SegmentRecord& record = context.pool[only->head];
  return record.acks > 0 ? &record : nullptr;
}

/// The segment starts before `current`. Returns true when all of it lies in the hole; otherwise its
/// hole part is recorded and the rest starts at `current`.
bool SegmentLists::fill_hole(TrackerContext& context, Quadrant& q, Placement& segment,
                             uint32_t& before, uint32_t current) {
  SegmentRecord& following = context.pool[current];
  if (segment.last < following.last_byte) segment.out_of_order = true;
  // One byte of overlap is tolerated, as Tstat does.
  const bool whole = segment.last <= following.first_byte;
  Placement part = segment;
  if (!whole) part.last = following.first_byte - 1;
  const int64_t length =
      whole ? segment.length() : part.length() - 1;  // one less, as Tstat counts it
  const SegmentRecord* in_front = before != kNoEntry ? &context.pool[before] : nullptr;
  const SegmentClass c =
      segment.classify({AnomalyContext::Kind::hole, in_front, &following, following.sent, length});

  const uint32_t entry = context.pool.take();
  if (entry == kNoEntry) {
    ++context.records_exhausted;
  } else {
    context.pool[entry] = part.record(c);
    context.pool[entry].next = current;
    if (before != kNoEntry)
      context.pool[before].next = entry;
    else
      q.head = entry;
    ++q.count;
    before = entry;
  }
  segment.first = following.first_byte;
  return whole;
}

void SegmentLists::place(TrackerContext& context, Quadrant& q, Placement segment,
                         SegmentVerdict& verdict) {
  if (q.tail == kNoEntry || segment.first > context.pool[q.tail].last_byte) {
    append(context, q, segment.record());
    return;
  }
  bool placed = false;
  uint32_t before = kNoEntry;
  for (uint32_t current = q.head; current != kNoEntry && !placed;) {
    SegmentRecord& record = context.pool[current];
    if (segment.first > record.last_byte) {
      before = current;
      current = record.next;
      continue;
    }
    if (segment.first < record.first_byte) {
      placed = fill_hole(context, q, segment, before, current);
      continue;
    }
    const Timestamp sent_before = record.sent;
    record.retransmitted = true;
    if (!segment.split) record.sent = segment.evidence.now;
    const bool whole = segment.last <= record.last_byte;
    const int64_t overlap =
        whole ? segment.length() : int64_t{record.last_byte} - segment.first + 1;
    segment.repeated += overlap;
    const SegmentRecord* in_front = before != kNoEntry ? &context.pool[before] : nullptr;
    record.segment_class = segment.classify({AnomalyContext::Kind::repeated, in_front, &record,
                                             sent_before, whole ? overlap : segment.repeated});
    placed = whole;
    segment.first = record.last_byte + 1;
    segment.split = true;
    before = current;
    current = record.next;
  }
  if (!placed) append(context, q, segment.record());
  verdict.repeated_bytes += segment.repeated;
  verdict.out_of_order |= segment.out_of_order;
}

void SegmentLists::merge_acknowledged(TrackerContext& context, Quadrant& q) {
  for (uint32_t current = q.head; current != kNoEntry && context.pool[current].acks > 0;) {
    SegmentRecord& record = context.pool[current];
    if (record.next == kNoEntry) return;
    const uint32_t next = record.next;
    const SegmentRecord& second = context.pool[next];
    if (second.acks == 0) return;
    if (second.first_byte != record.last_byte + 1) {
      current = next;
      continue;
    }
    record.last_byte = second.last_byte;
    record.acks = second.acks;
    if (second.sent > record.sent) {
      record.sent = second.sent;
      record.ip_id = second.ip_id;
      record.segment_class = second.segment_class;
    }
    record.next = second.next;
    if (q.tail == next) q.tail = current;
    context.pool.give_back(next);
    --q.count;
  }
}

std::optional<Duration> SegmentLists::acknowledge(TrackerContext& context, uint32_t ack,
                                                  Timestamp now) {
  const uint32_t number = quadrant_of(ack);
  touch(context, number);

  Timestamp latest = kNever;
  Quadrant& previous = quadrant(number + 3);
  bool changed = false;
  for (uint32_t entry = previous.head; entry != kNoEntry; entry = context.pool[entry].next) {
    SegmentRecord& record = context.pool[entry];
    if (record.acks > 0) continue;
    record.acks = 1;
    latest = std::max(latest, record.sent);
    changed = true;
  }
  if (changed) merge_acknowledged(context, previous);

  std::optional<Duration> sample;
  Quadrant& here = quadrant(number);
  changed = false;
  for (uint32_t entry = here.head; entry != kNoEntry; entry = context.pool[entry].next) {
    SegmentRecord& record = context.pool[entry];
    if (ack <= record.first_byte) break;
    latest = std::max(latest, record.sent);
    if (record.acks > 0) {
      if (record.acks < 255) ++record.acks;
      continue;
    }
    record.acks = 1;
    changed = true;
    // A record that ends here and was sent once, with nothing before it sent later, times the path.
    if (ack == record.last_byte + 1 && latest <= record.sent && !record.retransmitted)
      sample = elapsed(record.sent, now);
  }
  if (changed) merge_acknowledged(context, here);
  return sample;
}

}  // namespace tapstat::flowstats
