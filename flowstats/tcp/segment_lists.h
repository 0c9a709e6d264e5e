/// The bytes of a direction as sorted lists of pieces: the full form of the sequence tracker, for
/// directions with holes, repetitions or much in flight.
///
/// The sequence space is cut in four quadrants of 2^30 bytes, each with a list of records, as Tstat
/// keeps them: the classes of anomalous segments and the RTT samples depend on these lists exactly.
/// Owned by the worker; records come from its pool and nothing here allocates.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "flowstats/base/units.h"
#include "flowstats/groups/options.h"
#include "flowstats/measurement.h"
#include "flowstats/tcp/retransmission.h"
#include "flowstats/tcp/segment_record.h"
#include "flowstats/tcp/tracker_context.h"

namespace tapstat::flowstats {

class SegmentLists {
 public:
  /// Places [first, first + length) and classifies what is repeated or fills a hole; counts the
  /// classes in `classified`. `length` counts SYN and FIN and may be negative (tstat mode, damaged
  /// header).
  SegmentVerdict insert(TrackerContext& context, uint32_t first, int32_t length,
                        const RetransmissionEvidence& evidence,
                        options::SegmentClassCounts& classified);

  /// Applies an acknowledgment number of the other side; returns the round-trip sample it gives, if
  /// any.
  std::optional<Duration> acknowledge(TrackerContext& context, uint32_t ack, Timestamp now);

  /// Returns all records to the pool.
  void clear(TrackerContext& context);

  /// Takes over what an in-order direction remembers: makes the quadrant of `seq` the centre ...
  void open_at(TrackerContext& context, uint32_t seq) { touch(context, quadrant_of(seq)); }
  /// ... and appends its records, oldest first.
  void append_record(TrackerContext& context, const SegmentRecord& record);
  /// The one record that is left when everything is acknowledged and in order again, else nullptr.
  [[nodiscard]] const SegmentRecord* settled(const TrackerContext& context) const;

 private:
  struct [[gnu::packed]] Quadrant {
    uint32_t head = kNoEntry, tail = kNoEntry;
    uint16_t count : 14 = 0;
    uint16_t linked_to_next : 1 = 0;
    uint16_t linked_to_previous : 1 = 0;
    [[nodiscard]] bool is_centre() const { return linked_to_next != 0 && linked_to_previous != 0; }
  };
  struct Placement;

  static constexpr uint32_t quadrant_of(uint32_t seq) { return seq >> 30; }

  Quadrant& quadrant(uint32_t number) { return quadrants_[number & 3]; }
  void touch(TrackerContext& context, uint32_t number);
  static void empty(TrackerContext& context, Quadrant& q);
  static void append(TrackerContext& context, Quadrant& q, const SegmentRecord& record);
  static void place(TrackerContext& context, Quadrant& q, Placement segment,
                    SegmentVerdict& verdict);
  static bool fill_hole(TrackerContext& context, Quadrant& q, Placement& segment, uint32_t& before,
                        uint32_t current);
  static void merge_acknowledged(TrackerContext& context, Quadrant& q);

  std::array<Quadrant, 4> quadrants_;
};

}  // namespace tapstat::flowstats
