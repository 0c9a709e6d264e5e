/// RTCP (RFC 3550 section 6): the first packet of a compound, and what the packets of one source
/// add up to.
///
/// Values of a report that was cut are read as far as it goes; what lies behind the captured bytes
/// is 0. Plain values, owned by the source's record.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/units.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// Bits of rtcp_trunc.
inline constexpr uint8_t kRtcpCut = 1, kRtcpBlocksSkipped = 2;

struct RtcpPacket {
  uint8_t type = 0;  // 200 SR, 201 RR, ...
  uint32_t ssrc = 0;
  uint8_t flags = 0;  // kRtcpCut, kRtcpBlocksSkipped
  bool has_sender = false;
  uint32_t sender_id = 0;  // middle 32 bits of the NTP time stamp
  uint32_t sender_packets = 0, sender_bytes = 0;
  bool has_block = false;       // exactly one report block
  uint8_t fraction_lost = 0;    // of 256
  int32_t losses = 0;           // cumulative
  uint32_t jitter = 0;          // in time stamp units
  uint32_t last_sender_id = 0;  // LSR; 0: the reporter has seen no SR
  uint32_t delay = 0;           // DLSR in units of 1/65536 s
};

/// tstat mode takes complete packets for cut ones: its size tests are off by one and take 24 bytes
/// for the 20 of the sender part (case 52_rtcp_truncation). Precondition: payload.size() >= 12.
[[nodiscard]] RtcpPacket read_rtcp(ByteRange payload, Mode mode);

/// Of one source in one direction.
struct RtcpStatistics {
  uint32_t reports = 0;  // packets with one report block
  double jitter_sum = 0;
  uint32_t jitter_max = 0, jitter_min = 0;
  uint64_t fraction_sum = 0;
  int32_t losses = 0;
  uint32_t sender_packets = 0, sender_bytes = 0;
  Timestamp sender_time;  // arrival of the latest SR
  uint32_t round_trips = 0;
  double rtt_sum_ms = 0, rtt_max_ms = 0, rtt_min_ms = 0;
  uint8_t flags = 0;

  /// `is_first`: of its source. tstat mode starts the minimum of the jitter with it, report or not.
  void add(const RtcpPacket& packet, Timestamp now, bool is_first, Mode mode);
  /// `sent` is when the SR passed that the block answers. Negative times are no sample.
  void add_round_trip(Timestamp sent, Timestamp now, uint32_t delay);
};

}  // namespace tapstat::flowstats::layer7
