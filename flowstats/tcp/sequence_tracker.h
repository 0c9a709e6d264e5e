/// Remembers which bytes of a direction were seen and acknowledged; judges each segment once.
///
/// While segments arrive in order, a direction is one settled stretch and what is in flight behind
/// it: up to four segments are held here, more in a SegmentTrain of the worker's pool until all are
/// acknowledged. Everything else (holes, repetitions, another quadrant of the sequence space) is
/// the business of SegmentLists, until all is acknowledged and in order again. All forms give the
/// same verdicts and samples, always. Owned by the worker; nothing here allocates.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "flowstats/base/units.h"
#include "flowstats/tcp/segment_lists.h"
#include "flowstats/tcp/time_base.h"

namespace tapstat::flowstats {

/// What acknowledgments did to a direction that is in order. Kept with their sender, whose segments
/// mostly repeat the last one.
struct AckMemory {
  uint8_t acks : 3 = 0;  // how often the settled stretch was acknowledged: 4 means 4 or more, the
                         // classifier does not tell them apart; 0: there is no such stretch
  uint8_t settled : 1 = 0;  // the latest acknowledgment would only count again

  void count() {
    if (acks < 4) ++acks;
  }
};

class SequenceTracker {
 public:
  static constexpr int64_t kNoSample = -1;

  SequenceTracker() : in_order_{} {}

  /// The usual case of insert(): true when the segment [first, first + length), length > 0, follows
  /// in order and is noted; otherwise nothing has changed. `sent_us` is on the flow's clock.
  [[nodiscard]] bool append(TrackerContext& context, uint32_t first, uint32_t length,
                            int32_t sent_us, uint16_t ip_id) {
    const unsigned number = shape_;
    const uint32_t last = first + length - 1;
    if (number == kTrain) return append_to_train(context, first, length, sent_us, ip_id);
    if (number >= kInFlightMax || first != in_order_.end[number] ||
        !same_quadrant(in_order_.start, first, last))
      return false;
    shape_ = static_cast<uint8_t>(number + 1);
    in_order_.end[number + 1] = last + 1;
    in_order_.sent_us[number + 1] = sent_us;
    ip_id_[number + 1] = ip_id;
    return true;
  }

  /// Places [first, first + length) and classifies what is repeated or fills a hole; counts the
  /// classes in `classified`. `length` counts SYN and FIN and may be negative (tstat mode, damaged
  /// header). `base` is the flow's clock for this and all other calls.
  SegmentVerdict insert(TrackerContext& context, TimeBase base, AckMemory& memory, uint32_t first,
                        int32_t length, const RetransmissionEvidence& evidence,
                        options::SegmentClassCounts& classified);

  /// Applies an acknowledgment number of the other side; returns the round-trip time that it
  /// samples, in microseconds, or kNoSample. One that repeats the latest while memory.settled is
  /// set needs memory.count() only.
  [[nodiscard]] int64_t acknowledge(TrackerContext& context, TimeBase base, AckMemory& memory,
                                    uint32_t ack, const Moment& now) {
    if (shape_ > kTrain || !same_quadrant(in_order_.start, ack, ack) || !now.near) [[unlikely]]
      return acknowledge_lists(context, base, memory, ack, now.time);
    if (ack <= in_order_.start) {
      memory.settled = 0;
      return kNoSample;
    }
    if (shape_ == kTrain) return acknowledge_train(context, memory, ack, now.us);
    return acknowledge_in_order(memory, ack, now.us);
  }

  /// The flow's clock moves.
  void change_base(TrackerContext& context, TimeBase before, TimeBase after, AckMemory& memory);

  /// Returns all records to the pool.
  void clear(TrackerContext& context);

 private:
  static constexpr unsigned kInFlightMax = 4;
  static constexpr uint8_t kTrain = kInFlightMax + 1, kUnused = 0xfe, kLists = 0xff;

  static constexpr bool same_quadrant(uint32_t a, uint32_t b, uint32_t c) {
    return (((a ^ b) | (a ^ c)) >> 30) == 0;
  }
  int64_t acknowledge_in_order(AckMemory& memory, uint32_t ack, int32_t now_us);
  void settle(unsigned latest, unsigned count);
  void remember(AckMemory& memory, uint32_t ack, bool covered) const;
  [[nodiscard]] SegmentTrain::Segment segment(unsigned number) const {
    return {in_order_.end[number], in_order_.sent_us[number], ip_id_[number]};
  }
  bool append_to_train(TrackerContext& context, uint32_t first, uint32_t length, int32_t sent_us,
                       uint16_t ip_id);
  int64_t acknowledge_train(TrackerContext& context, AckMemory& memory, uint32_t ack,
                            int32_t now_us);
  [[nodiscard]] bool use_train(TrackerContext& context);
  void leave_train(TrackerContext& context);
  int64_t acknowledge_lists(TrackerContext& context, TimeBase base, AckMemory& memory, uint32_t ack,
                            Timestamp now);
  void use_lists(TrackerContext& context, TimeBase base, AckMemory& memory);
  void leave_lists(TrackerContext& context, TimeBase base, AckMemory& memory, uint32_t ack);

  /// Number 0 is the settled stretch (merged and acknowledged), the others are in flight. With a
  /// train, end[1] is its number, and end[2] the end of its last segment.
  struct InOrder {
    uint32_t start;                                 // of the settled stretch
    std::array<uint32_t, kInFlightMax + 1> end;     // behind the last byte; also of the next start
    std::array<int32_t, kInFlightMax + 1> sent_us;  // latest transmission, on the flow's clock
  };

  uint8_t shape_ = kUnused;        // up to kInFlightMax: in order, so many segments in flight
  uint8_t has_settled_ : 1 = 0;    // false: [start, end[0]) is empty
  uint8_t settled_class_ : 4 = 0;  // options::SegmentClass
  std::array<uint16_t, kInFlightMax + 1> ip_id_{};  // of the latest transmission
  union {
    InOrder in_order_;
    SegmentLists lists_;
  };
};
static_assert(sizeof(SequenceTracker) == 56);

}  // namespace tapstat::flowstats
