/// What the first bytes of a datagram say about the protocols of a media session, and the fields of
/// an RTP header.
///
/// Kinds are told apart by the first byte (RFC 7983 section 7), RTP from RTCP by the second (RFC
/// 5761 section 4). Pure functions over the captured bytes; nothing is copied.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

/// Values are the bits of c_mux_prot and s_mux_prot.
enum class MediaKind : uint8_t {
  unknown = 0,
  rtp = 1,
  rtcp = 2,
  dtls = 4,
  stun = 8,
  turn_channel = 16,
  zrtp = 32,
  mturn = 64,  // Microsoft's multiplexed TURN
};

/// Shorter payloads say nothing.
inline constexpr size_t kMediaBytesMin = 12;

/// False for what is neither RTP nor RTCP by its length or its version, 2.
[[nodiscard]] inline bool may_be_media(ByteRange payload) {
  return payload.size() >= kMediaBytesMin && payload.u8(0) >> 6 == 2;
}

/// Precondition: payload.size() >= kMediaBytesMin.
[[nodiscard]] MediaKind media_kind(ByteRange payload);

struct RtpHeader {
  uint8_t payload_type = 0;
  uint16_t seq = 0;
  uint32_t stamp = 0;  // in units of the payload type's clock
  uint32_t ssrc = 0;
  uint32_t media_bytes = 0;  // behind the header, its CSRC list and its extension; with padding
};

/// RFC 3550 section 5.1. `udp_payload_bytes` is the size on the wire, which may exceed what was
/// captured; an extension whose length was not captured counts 4 bytes. tstat mode takes the length
/// field of the extension of known profiles only (RFC 8285), as Tstat does (case 49_rtp_headers).
/// Precondition: payload.size() >= kMediaBytesMin.
[[nodiscard]] RtpHeader read_rtp(ByteRange payload, uint32_t udp_payload_bytes, Mode mode);

}  // namespace tapstat::flowstats::layer7
