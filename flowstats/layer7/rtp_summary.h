/// Everything that one line of log_mm_complete says about a stream, but for the ends of its flow.
///
/// Made by the engine when the flow ends, already in the units of the log: means over nothing are
/// 0, as readers stop at text where a number belongs. Plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/base/units.h"
#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/rtp_stream.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// Mean, largest and smallest.
struct Spread {
  double mean = 0, max = 0, min = 0;
};

struct RtpSummary {
  bool is_rtcp = false;
  uint8_t side = 0;                      // that sent the stream
  std::array<UdpType, 2> type{};         // final, by side
  std::array<uint8_t, 2> media_kinds{};  // MediaKind bits, by side
  Spread ttl;                            // hops; of all datagrams of the direction
  uint32_t ssrc = 0;
  Timestamp first;
  uint64_t packets = 0;
  double gap_ms = 0;
  double duration = 0;  // seconds; tstat mode, RTCP: milliseconds
  uint64_t bytes = 0;
  double speed = 0;  // bits in a unit of duration
  TypeCounts::TypesText types;
  TypeCounts::CountsText type_counts;
  Spread jitter;  // RTP: ms, the mean is the latest estimate; RTCP: time stamp units, as reported
  // RTP
  uint64_t losses = 0;
  uint32_t out_of_sequence = 0, duplicates = 0, late = 0;
  bool was_restarted = false;
  Spread media_bytes;
  double media_bytes_deviation = 0;
  Spread jitter_8khz, jitter_90khz;  // ms
  // RTCP
  int64_t reported_losses = 0;
  double reported_loss_percent = 0;
  uint32_t sender_packets = 0, sender_bytes = 0;
  Spread rtt_ms;
  uint32_t round_trips = 0;
  uint8_t rtcp_flags = 0;
};

/// What the stream itself knows; flow, direction and SSRC are left to the caller. tstat mode keeps
/// Tstat's deviation of the payload sizes, its milliseconds for RTCP, and forgets the losses that
/// the end of the stream left open (cases 46_rtp_loss, 49_rtp_headers).
[[nodiscard]] RtpSummary summary_of(const MediaStream& stream, Mode mode);

}  // namespace tapstat::flowstats::layer7
