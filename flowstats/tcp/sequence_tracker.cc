#include "flowstats/tcp/sequence_tracker.h"

#include <algorithm>

namespace tapstat::flowstats {

using options::SegmentClass;

namespace {

SegmentRecord record_of(uint32_t start, const SegmentTrain::Segment& segment, TimeBase base) {
  SegmentRecord r;
  r.first_byte = start;
  r.last_byte = segment.end - 1;
  r.sent = base.time(segment.sent_us);
  r.ip_id = segment.ip_id;
  return r;
}

}  // namespace

/// Changes nothing but the form.
[[gnu::noinline]] void SequenceTracker::use_lists(TrackerContext& context, TimeBase base,
                                                  AckMemory& memory) {
  SegmentLists lists;
  if (shape_ <= kTrain) {
    lists.open_at(context, in_order_.start);
    if (has_settled_ != 0) {
      SegmentRecord settled = record_of(in_order_.start, segment(0), base);
      settled.acks = memory.acks;
      settled.segment_class = static_cast<SegmentClass>(settled_class_);
      lists.append_record(context, settled);
    }
    uint32_t start = in_order_.end[0];
    const auto append = [&](const SegmentTrain::Segment& s) {
      lists.append_record(context, record_of(start, s, base));
      start = s.end;
    };
    if (shape_ == kTrain) {
      SegmentTrain& train = context.trains[in_order_.end[1]];
      for (unsigned i = 0; i < train.count; ++i) append(train.at(i));
      leave_train(context);
    } else {
      for (unsigned number = 1; number <= shape_; ++number) append(segment(number));
    }
  }
  memory = {};
  shape_ = kLists;
  lists_ = lists;
  ++context.trackers_taken;
}

/// Back to the in-order form when one acknowledged record is all there is to remember.
void SequenceTracker::leave_lists(TrackerContext& context, TimeBase base, AckMemory& memory,
                                  uint32_t ack) {
  const SegmentRecord* left = lists_.settled(context);
  if (left == nullptr) return;
  const Moment sent = base.moment(left->sent);
  if (!sent.near || !same_quadrant(left->first_byte, left->last_byte, left->last_byte + 1)) return;
  const SegmentRecord r = *left;
  lists_.clear(context);
  shape_ = 0;
  has_settled_ = 1;
  settled_class_ = static_cast<uint8_t>(r.segment_class) & 15u;
  in_order_ = {};
  in_order_.start = r.first_byte;
  in_order_.end[0] = r.last_byte + 1;
  in_order_.sent_us[0] = sent.us;
  ip_id_[0] = r.ip_id;
  memory.acks = std::min<uint8_t>(r.acks, 4) & 7u;
  memory.settled = ack > r.first_byte && ack <= in_order_.end[0] ? 1 : 0;
  ++context.trackers_returned;
}

SegmentVerdict SequenceTracker::insert(TrackerContext& context, TimeBase base, AckMemory& memory,
                                       uint32_t first, int32_t length,
                                       const RetransmissionEvidence& evidence,
                                       options::SegmentClassCounts& classified) {
  const Moment now = base.moment(evidence.now);
  if (length > 0) {
    const auto size = static_cast<uint32_t>(length);
    if (shape_ == kUnused && now.near && same_quadrant(first, first, first + size - 1)) {
      shape_ = 0;
      in_order_.start = in_order_.end[0] = first;
    }
    if (shape_ == kInFlightMax && first == in_order_.end[kInFlightMax] && !use_train(context))
      use_lists(context, base, memory);
    if (now.near && append(context, first, size, now.us, evidence.ip_id)) return {};
  }
  if (shape_ != kLists) use_lists(context, base, memory);
  return lists_.insert(context, first, length, evidence, classified);
}

int64_t SequenceTracker::acknowledge_in_order(AckMemory& memory, uint32_t ack, int32_t now_us) {
  InOrder& o = in_order_;
  int64_t sample = kNoSample;
  unsigned latest = has_settled_ != 0 ? 0 : 1, covered = 0;
  const unsigned in_flight = shape_;
  while (covered < in_flight && ack > o.end[covered]) {
    ++covered;
    if (o.sent_us[covered] > o.sent_us[latest]) latest = covered;
    // A segment that ends here, with nothing before it sent later, times the path.
    const int32_t sent_us = o.sent_us[covered];
    if (ack == o.end[covered] && sent_us == o.sent_us[latest])
      sample = now_us > sent_us ? int64_t{now_us} - sent_us : 0;
  }
  if (covered > 0) settle(latest, covered);
  remember(memory, ack, covered > 0);
  return sample;
}

/// What the sender of `ack` remembers of it; `covered`: it acknowledged something new.
inline void SequenceTracker::remember(AckMemory& memory, uint32_t ack, bool covered) const {
  if (covered)
    memory.acks = 1;
  else if (has_settled_ != 0)
    memory.count();
  // The end is 0 where the sequence numbers wrap.
  memory.settled = ack <= in_order_.end[0] || in_order_.end[0] == 0 ? 1 : 0;
}

/// Merges the oldest `count` segments in flight, now acknowledged, into the settled stretch.
/// `latest` is the first of them, or the stretch (0), that was sent last.
inline void SequenceTracker::settle(unsigned latest, unsigned count) {
  InOrder& o = in_order_;
  if (latest != 0) {
    o.sent_us[0] = o.sent_us[latest];
    ip_id_[0] = ip_id_[latest];
    settled_class_ = static_cast<uint8_t>(SegmentClass::in_sequence) & 15u;
  }
  o.end[0] = o.end[count];
  const unsigned left = shape_ - count;
  for (unsigned number = 1; number <= left; ++number) {
    o.end[number] = o.end[number + count];
    o.sent_us[number] = o.sent_us[number + count];
    ip_id_[number] = ip_id_[number + count];
  }
  shape_ = static_cast<uint8_t>(left);
  has_settled_ = 1;
}

/// Moves what is in flight to a train; false when there is none left.
bool SequenceTracker::use_train(TrackerContext& context) {
  const uint32_t number = context.trains.take();
  if (number == kNoEntry) return false;
  SegmentTrain& train = context.trains[number];
  train.clear();
  for (unsigned i = 1; i <= shape_; ++i) train.push(segment(i));
  in_order_.end[2] = in_order_.end[shape_];
  in_order_.end[1] = number;
  shape_ = kTrain;
  ++context.trackers_taken;
  return true;
}

void SequenceTracker::leave_train(TrackerContext& context) {
  context.trains.give_back(in_order_.end[1]);
  shape_ = 0;
  ++context.trackers_returned;
}

bool SequenceTracker::append_to_train(TrackerContext& context, uint32_t first, uint32_t length,
                                      int32_t sent_us, uint16_t ip_id) {
  const uint32_t last = first + length - 1;
  SegmentTrain& train = context.trains[in_order_.end[1]];
  if (first != in_order_.end[2] || !same_quadrant(in_order_.start, first, last) ||
      train.count == SegmentTrain::kCapacity)
    return false;
  in_order_.end[2] = last + 1;
  train.push({last + 1, sent_us, ip_id});
  return true;
}

/// As acknowledge_in_order(), over a train.
int64_t SequenceTracker::acknowledge_train(TrackerContext& context, AckMemory& memory, uint32_t ack,
                                           int32_t now_us) {
  InOrder& o = in_order_;
  SegmentTrain& train = context.trains[o.end[1]];
  int64_t sample = kNoSample;
  bool covered = false;
  while (train.count > 0 && ack > o.end[0]) {
    const SegmentTrain::Segment segment = train.at(0);
    train.pop();
    if (has_settled_ == 0 || segment.sent_us > o.sent_us[0]) {
      o.sent_us[0] = segment.sent_us;
      ip_id_[0] = segment.ip_id;
      settled_class_ = static_cast<uint8_t>(SegmentClass::in_sequence) & 15u;
    }
    has_settled_ = 1;
    covered = true;
    o.end[0] = segment.end;
    if (ack == segment.end && segment.sent_us == o.sent_us[0])
      sample = now_us > segment.sent_us ? int64_t{now_us} - segment.sent_us : 0;
  }
  remember(memory, ack, covered);
  if (train.count == 0) leave_train(context);
  return sample;
}

int64_t SequenceTracker::acknowledge_lists(TrackerContext& context, TimeBase base,
                                           AckMemory& memory, uint32_t ack, Timestamp now) {
  if (shape_ != kLists) use_lists(context, base, memory);
  const auto sample = lists_.acknowledge(context, ack, now);
  leave_lists(context, base, memory, ack);
  return sample ? sample->us : kNoSample;
}

void SequenceTracker::change_base(TrackerContext& context, TimeBase before, TimeBase after,
                                  AckMemory& memory) {
  if (shape_ == kTrain) use_lists(context, before, memory);
  if (shape_ > kInFlightMax) return;
  const unsigned oldest = has_settled_ != 0 ? 0 : 1;
  std::array<int32_t, kInFlightMax + 1> moved{};
  for (unsigned number = oldest; number <= shape_; ++number) {
    const Moment sent = after.moment(before.time(in_order_.sent_us[number]));
    if (!sent.near) {
      use_lists(context, before, memory);
      return;
    }
    moved[number] = sent.us;
  }
  in_order_.sent_us = moved;
}

void SequenceTracker::clear(TrackerContext& context) {
  if (shape_ == kTrain) leave_train(context);
  if (shape_ != kLists) return;
  lists_.clear(context);
  ++context.trackers_returned;
}

}  // namespace tapstat::flowstats
