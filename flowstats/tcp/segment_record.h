/// One remembered piece of a direction's sequence space, and the bounded pool that all flows of a
/// worker share.
///
/// Owned by the worker; entries are linked by number. Running out is counted
/// (Counter::segment_records_exhausted).
#pragma once

#include <cstdint>

#include "flowstats/base/entry_pool.h"
#include "flowstats/base/units.h"
#include "flowstats/groups/options.h"

namespace tapstat::flowstats {

struct SegmentRecord {
  uint32_t first_byte = 0;  // sequence numbers
  uint32_t last_byte = 0;   // inclusive
  Timestamp sent;           // latest transmission
  uint32_t next = kNoEntry;
  uint16_t ip_id = 0;  // of the first transmission
  options::SegmentClass segment_class = options::SegmentClass::in_sequence;
  uint8_t acks = 0;  // acknowledgments that covered it, at most 255
  bool retransmitted = false;
};

using SegmentRecordPool = EntryPool<SegmentRecord>;

}  // namespace tapstat::flowstats
