/// Long headers of QUIC packets (RFC 8999, RFC 9000 section 17.2, RFC 9369 section 3.2) and the
/// packets that share a datagram.
///
/// Views into the packet's bytes; nothing is copied. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "flowstats/base/byte_range.h"
#include "flowstats/measurement.h"

namespace tapstat::flowstats::layer7 {

inline constexpr size_t kQuicIdBytesMax = 20;  // of a connection identifier in versions 1 and 2
/// Packets of one datagram that are looked at.
inline constexpr size_t kQuicPacketsPerDatagramMax = 8;

namespace quic_version {
inline constexpr uint32_t kNegotiation = 0, k1 = 1, k2 = 0x6b3343cf;
}

enum class QuicPacketType : uint8_t { initial, zero_rtt, handshake, retry };

struct QuicLongHeader {
  bool fixed_bit = false;  // clear in greased packets (RFC 9287)
  QuicPacketType type = QuicPacketType::initial;
  uint32_t version = 0;
  ByteRange destination_id, source_id;
  size_t number_offset = 0;  // of the protected packet number; 0: none, or not captured
  size_t packet_bytes = 0;   // header included, may exceed what was captured; 0: unknown
};

/// By its first byte, a packet with a long header.
[[nodiscard]] constexpr bool may_be_long_header(uint8_t first) { return (first & 0x80) != 0; }

/// The long header at the start of `bytes`; nothing when it is short, or its identifiers are cut.
/// Packet types of version 2 are known in corrected mode only.
[[nodiscard]] std::optional<QuicLongHeader> read_quic_long_header(ByteRange bytes, Mode mode);

/// Calls visit(header, packet) for the packets of a datagram that have long headers; visit returns
/// false to end it. `packet` is the captured part.
template <class Visit>
void for_each_quic_packet(ByteRange datagram, Mode mode, Visit visit) {
  for (size_t i = 0; i < kQuicPacketsPerDatagramMax && !datagram.empty(); ++i) {
    const auto header = read_quic_long_header(datagram, mode);
    if (!header) return;
    const ByteRange packet =
        header->packet_bytes == 0 ? datagram : datagram.first(header->packet_bytes);
    if (!visit(*header, packet) || header->packet_bytes == 0) return;
    datagram = datagram.from(header->packet_bytes);
  }
}

/// A variable-length integer (RFC 9000 section 16) at `offset`, which moves behind it; nothing when
/// it is cut.
[[nodiscard]] std::optional<uint64_t> read_quic_integer(ByteRange bytes, size_t& offset);

}  // namespace tapstat::flowstats::layer7
