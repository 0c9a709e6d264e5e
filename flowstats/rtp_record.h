/// What leaves a worker for each RTP or RTCP source when its flow ends (log_mm_complete).
///
/// Fixed size, no texts behind it. Made by the worker, read by the writer.
#pragma once

#include <type_traits>

#include "flowstats/layer7/rtp_summary.h"
#include "flowstats/record.h"

namespace tapstat::flowstats {

struct RtpRecord : RecordHead {
  Ends ends;
  layer7::RtpSummary stream;
};
static_assert(std::is_trivially_copyable_v<RtpRecord>);

}  // namespace tapstat::flowstats
