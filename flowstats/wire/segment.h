/// One parsed TCP segment or UDP datagram: a plain value that everything after the parser works on.
///
/// Integers in host byte order. `payload_bytes` points into the packet buffer and dies with it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/units.h"
#include "flowstats/wire/five_tuple.h"

namespace tapstat::flowstats {

/// TCP control bits (RFC 9293 section 3.1).
namespace tcp_flag {
inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10,
                         kUrg = 0x20;
}

/// What the options of one segment said. Options are recognised by kind alone; the last of a kind
/// wins.
struct TcpOptions {
  enum Kind : uint8_t {
    kMss = 1,            // kind 2, RFC 9293 section 3.7.1
    kWindowScale = 2,    // kind 3, RFC 7323 section 2
    kSackPermitted = 4,  // kind 4, RFC 2018
    kSack = 8,           // kind 5, RFC 2018
    kTimestamps = 16,    // kind 8, RFC 7323 section 3
    kPlain = 128,        // nothing but timestamps, where nearly all systems put them (appendix A)
  };
  static constexpr uint8_t kPlainBytes = 12;  // two no-operations and the timestamps

  uint8_t seen = 0;          // Kind bits
  uint8_t window_scale = 0;  // shift count as sent, not clipped
  uint16_t mss = 0;          // bytes

  [[nodiscard]] constexpr bool has(Kind kind) const { return (seen & kind) != 0; }
  constexpr bool operator==(const TcpOptions&) const = default;
};

/// Ordered by first use: what the flow table reads, then what every segment of a flow needs, then
/// the rest. The first 64 bytes serve most of a segment's work. No member has a meaning without the
/// parser having set it, so a burst of segments is not cleared before it is written again.
struct Segment {
  FiveTuple tuple;
  uint64_t hash = 0;  // hash_tuple(tuple, seed)
  // These come in one piece from the TCP header (dataplane/parse_plain.h).
  uint32_t seq = 0, ack = 0;  // UDP: length field of its header; bytes behind the IP header
  uint16_t window = 0;        // as sent, not scaled
  uint8_t flags = 0;          // tcp_flag
  Direction direction = Direction::from_a;
  bool ip_id_is_identifying =
      true;  // false: must not be taken as "same packet" (corrected mode, RFC 6864)
  bool malformed_offset =
      false;  // corrected mode: data offset beyond the IP payload, payload_length set to 0
  uint16_t checksum = 0;  // TCP checksum as sent, never verified

  /// TCP: IP payload length - 4 x data offset, from the length fields and not from the captured
  /// bytes; negative in tstat mode when the data offset lies beyond the IP payload. UDP: bytes
  /// after the UDP header.
  int32_t payload_length = 0;
  /// IPv4 identification; in tstat mode the payload length for IPv6 (Tstat reads those bytes).
  uint16_t ip_id = 0;
  uint8_t ttl = 0;  // TTL or hop limit
  uint8_t tos = 0;  // differentiated services and ECN (RFC 3168): TOS byte or traffic class
  TcpOptions options;
  /// Bytes of the payload that were captured and lie in the first buffer of the packet.
  uint16_t payload_captured = 0;
  /// Bytes of TCP options, right in front of `payload_bytes`; 0 when there are none, or when they
  /// were not captured whole.
  uint8_t option_bytes = 0;
  uint8_t frame = 0;  // its place in the burst that it was parsed from
  Timestamp time;
  Timestamp clock;  // largest packet time of the whole capture so far: what timers run on
  const uint8_t* payload_bytes = nullptr;  // of the captured part; meaningless when that is empty

  [[nodiscard]] constexpr bool has(uint8_t flag) const { return (flags & flag) != 0; }
  [[nodiscard]] constexpr ByteRange payload() const {
    return payload_captured == 0 ? ByteRange{} : ByteRange{payload_bytes, payload_captured};
  }
  [[nodiscard]] constexpr ByteRange option_list() const {
    return option_bytes == 0 ? ByteRange{} : ByteRange{payload_bytes - option_bytes, option_bytes};
  }
};
static_assert(sizeof(Segment) == 104);
static_assert(offsetof(Segment, payload_length) == 64);

}  // namespace tapstat::flowstats
