/// What is kept of one RTP or RTCP source (SSRC) in one direction of a flow.
///
/// Trivially copyable; an entry of the engine's pool, written by the worker that owns the flow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "flowstats/base/text.h"
#include "flowstats/base/units.h"
#include "flowstats/layer7/rtcp.h"
#include "flowstats/layer7/rtp_jitter.h"
#include "flowstats/layer7/rtp_packet.h"
#include "flowstats/layer7/rtp_window.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// Packets by payload type (RTP) or packet type (RTCP), in order of appearance. Types beyond the
/// tenth are not listed.
class TypeCounts {
 public:
  static constexpr size_t kTypesMax = 10;
  using TypesText = Text<kTypesMax * 4>;    // "8,101"
  using CountsText = Text<kTypesMax * 11>;  // "250,3"

  void add(uint8_t type);
  [[nodiscard]] TypesText types() const;
  [[nodiscard]] CountsText counts() const;

 private:
  std::array<uint32_t, kTypesMax> counts_{};
  std::array<uint8_t, kTypesMax> types_{};
  uint8_t size_ = 0;
};

struct RtpStatistics {
  uint32_t in_sequence = 0, out_of_sequence = 0, duplicates = 0, late = 0;
  uint64_t losses = 0;
  bool was_restarted = false;
  Duration gaps;  // sum over packets in sequence, each since the packet before it
  uint32_t media_bytes_max = 0, media_bytes_min = 0;
  double media_bytes_squared = 0;
  RtpWindow window;
  RtpJitter jitter;
};

struct MediaStream {
  Timestamp first, last;  // arrival of its packets
  uint64_t bytes = 0;     // RTP: media; RTCP: UDP payload
  uint32_t packets = 0;
  uint16_t first_seq = 0;  // RTP
  TypeCounts types;
  std::variant<RtpStatistics, RtcpStatistics> of_kind;

  [[nodiscard]] RtpStatistics* rtp() { return std::get_if<RtpStatistics>(&of_kind); }
  [[nodiscard]] const RtpStatistics* rtp() const { return std::get_if<RtpStatistics>(&of_kind); }
  [[nodiscard]] RtcpStatistics* rtcp() { return std::get_if<RtcpStatistics>(&of_kind); }
  [[nodiscard]] const RtcpStatistics* rtcp() const { return std::get_if<RtcpStatistics>(&of_kind); }

  /// The first packet makes the stream; all, the first one too, are added. `add` of the wrong kind
  /// does nothing.
  [[nodiscard]] static MediaStream of_rtp(const RtpHeader& first, Timestamp now);
  [[nodiscard]] static MediaStream of_rtcp(Timestamp now);
  void add(const RtpHeader& packet, Timestamp now, Mode mode);
  void add(const RtcpPacket& packet, uint32_t packet_bytes, Timestamp now, Mode mode);

 private:
  void count(uint8_t type, uint64_t more_bytes, Timestamp now);
};

}  // namespace tapstat::flowstats::layer7
