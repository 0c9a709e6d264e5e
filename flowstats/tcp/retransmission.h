/// Tstat's classifier for segments that repeat bytes or fill a hole: time-out, fast retransmit,
/// network duplicate, reordering, window probe, or unnecessary (M. Mellia et al., "TCP Anomalies:
/// identification and analysis", 2005, after Jaiswal et al., INFOCOM 2003).
///
/// Pure functions over plain values; microseconds as doubles where Tstat's arithmetic is in
/// doubles.
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/groups/end_to_end.h"
#include "flowstats/groups/options.h"
#include "flowstats/tcp/segment_record.h"

namespace tapstat::flowstats {

/// What is known of the connection when a segment arrives, before its own acknowledgment is
/// applied.
struct RetransmissionEvidence {
  Timestamp now;
  const end_to_end::RoundTrips* sender_rtt = nullptr;
  const end_to_end::RoundTrips* receiver_rtt = nullptr;
  uint16_t ip_id = 0;
  bool ip_id_is_identifying = true;
  bool receiver_window_is_zero = false;
  bool both_syns_seen = false;
};

/// How the segment met a record. `before` is the record in front of `met` (repeated bytes) or of
/// the hole, or nullptr.
struct AnomalyContext {
  enum class Kind : uint8_t { repeated, hole };
  Kind kind;
  const SegmentRecord* before;
  const SegmentRecord*
      met;             // the record whose bytes are repeated, or the one that follows the hole
  Timestamp met_sent;  // met->sent before this segment refreshed it
  int64_t length;      // bytes, as Tstat counts them for the window-probe test
};

[[nodiscard]] options::SegmentClass classify_anomaly(const AnomalyContext& anomaly,
                                                     const RetransmissionEvidence& evidence);

}  // namespace tapstat::flowstats
