/// Remembers which bytes of a direction were seen and acknowledged; judges each segment once.
///
/// The sequence space is cut in four quadrants of 2^30 bytes, each with a sorted list of records,
/// as Tstat keeps them: the classes of anomalous segments and the RTT samples depend on these lists
/// exactly. An in-order segment is appended, an acknowledgment merges what it covers, so a flow
/// without loss holds one record more than it has segments in flight. Owned by the worker; nothing
/// here allocates.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "flowstats/base/units.h"
#include "flowstats/groups/options.h"
#include "flowstats/measurement.h"
#include "flowstats/tcp/retransmission.h"
#include "flowstats/tcp/segment_record.h"

namespace tapstat::flowstats {

/// Bounds and notes shared by all trackers of a worker.
struct TrackerContext {
  SegmentRecordPool& pool;
  Mode mode;
  uint32_t records_per_quadrant_max;
  uint64_t records_merged = 0;     // oldest boundaries given up at the limit
  uint64_t records_exhausted = 0;  // segments not remembered, pool empty
};

/// What one segment was.
struct SegmentVerdict {
  int64_t repeated_bytes = 0;  // sequence numbers seen before, SYN and FIN included
  bool out_of_order = false;
};

class SequenceTracker {
 public:
  /// Places [first, first + length) and classifies what is repeated or fills a hole; counts the
  /// classes in `classified`. `length` counts SYN and FIN and may be negative (tstat mode, damaged
  /// header).
  SegmentVerdict insert(TrackerContext& context, uint32_t first, int32_t length,
                        const RetransmissionEvidence& evidence,
                        std::array<uint32_t, options::kSegmentClasses>& classified);

  /// Applies an acknowledgment number of the other side; returns the round-trip sample it gives, if
  /// any.
  std::optional<Duration> acknowledge(TrackerContext& context, uint32_t ack, Timestamp now);

  /// Returns all records to the pool.
  void clear(TrackerContext& context);

 private:
  struct Quadrant {
    uint32_t head = kNoEntry, tail = kNoEntry;
    uint16_t count = 0;
    bool linked_to_next = false, linked_to_previous = false;
  };
  struct Placement;

  Quadrant& quadrant(uint32_t number) { return quadrants_[number & 3]; }
  void touch(TrackerContext& context, uint32_t number);
  static void empty(TrackerContext& context, Quadrant& q);
  static void append(TrackerContext& context, Quadrant& q, const Placement& segment);
  static void place(TrackerContext& context, Quadrant& q, Placement segment,
                    SegmentVerdict& verdict);
  static bool fill_hole(TrackerContext& context, Quadrant& q, Placement& segment, uint32_t& before,
                        uint32_t current);
  static void merge_acknowledged(TrackerContext& context, Quadrant& q);

  std::array<Quadrant, 4> quadrants_;
};

}  // namespace tapstat::flowstats
