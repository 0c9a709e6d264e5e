/// What all sequence trackers of a worker share: their pools, bounds and notes.
///
/// Owned by the worker. The notes are moved into the counters once a burst.
#pragma once

#include <cstdint>

#include "flowstats/measurement.h"
#include "flowstats/tcp/segment_record.h"
#include "flowstats/tcp/segment_train.h"

namespace tapstat::flowstats {

struct TrackerContext {
  TrackerContext(const FlowLimits& limits, Mode m)
      : pool(limits.segment_records_max),
        trains(limits.segment_trains_max),
        mode(m),
        records_per_quadrant_max(limits.segments_per_quadrant_max) {}

  SegmentRecordPool pool;
  SegmentTrainPool trains;
  const Mode mode;
  const uint32_t records_per_quadrant_max;
  uint64_t records_merged = 0;     // oldest boundaries given up at the limit
  uint64_t records_exhausted = 0;  // segments not remembered, pool empty
  uint64_t trackers_taken = 0;     // times a direction needed more than its flow holds
  uint64_t trackers_returned = 0;

  [[nodiscard]] size_t bytes() const { return pool.bytes() + trains.bytes(); }
};

/// What one segment was.
struct SegmentVerdict {
  int64_t repeated_bytes = 0;  // sequence numbers seen before, SYN and FIN included
  bool out_of_order = false;
};

}  // namespace tapstat::flowstats
