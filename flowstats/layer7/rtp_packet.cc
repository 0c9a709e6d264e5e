#include "flowstats/layer7/rtp_packet.h"

namespace tapstat::flowstats::layer7 {

namespace {

constexpr uint8_t kTypeBits = 0x7f;  // beside the marker

/// The types that RFC 3551 section 6 assigns, and the dynamic ones.
constexpr bool is_payload_type(uint8_t type) {
  return type == 0 || (type >= 3 && type <= 18) || type == 25 || type == 26 || type == 28 ||
         (type >= 31 && type <= 34) || type >= 96;
}

}  // namespace

MediaKind media_kind(ByteRange payload) {
  const uint8_t first = payload.u8(0), second = payload.u8(1);
  if (first >= 128 && first <= 191) {
    if (is_payload_type(second & kTypeBits)) return MediaKind::rtp;
    return second >= 191 && second <= 213 ? MediaKind::rtcp : MediaKind::unknown;
  }
  if (first <= 3) return MediaKind::stun;
  if (first >= 16 && first <= 19) return MediaKind::zrtp;
  if (first >= 20 && first <= 63) return MediaKind::dtls;
  if (first >= 64 && first <= 79) return MediaKind::turn_channel;
  return first == 0xff && second == 0x10 ? MediaKind::mturn : MediaKind::unknown;
}

RtpHeader read_rtp(ByteRange payload, uint32_t udp_payload_bytes, Mode mode) {
  const uint8_t first = payload.u8(0);
  size_t header_bytes = 12 + size_t{4} * (first & 15);
  if ((first & 0x10) != 0) {
    size_t words = 0;
    if (payload.has(header_bytes, 4)) {
      const uint16_t profile = payload.u16(header_bytes);
      if (mode == Mode::corrected || profile == 0xbede || (profile & 0xfff0) == 0x1000)
        words = payload.u16(header_bytes + 2);
    }
    header_bytes += 4 + 4 * words;
  }
  RtpHeader header;
  header.payload_type = payload.u8(1) & kTypeBits;
  header.seq = payload.u16(2);
  header.stamp = payload.u32(4);
  header.ssrc = payload.u32(8);
  header.media_bytes = udp_payload_bytes > header_bytes
                           ? udp_payload_bytes - static_cast<uint32_t>(header_bytes)
                           : 0;
  return header;
}

}  // namespace tapstat::flowstats::layer7
