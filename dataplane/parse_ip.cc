#include "dataplane/parse_ip.h"

#include <algorithm>
#include <limits>

#include "dataplane/tcp_options.h"

namespace tapstat::dataplane {

using flowstats::ByteRange;
using flowstats::Counter;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Mode;
using flowstats::Segment;

namespace {

constexpr uint32_t kIpv4HeaderLength = 20, kIpv6HeaderLength = 40;
constexpr int32_t kTcpHeaderLength = 20, kUdpHeaderLength = 8;
constexpr uint8_t kProtocolIpip = 4, kProtocolIpv6 = 41, kProtocolGre = 47;
constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kAuthentication = 51,
                  kDestination = 60, kMobility = 135;

/// What the two versions of IP have in common, after all their headers.
struct IpHeader {
  IpAddress source, destination;
  IpVersion version = IpVersion::v4;
  uint8_t protocol = 0;  // of the transport header
  uint8_t ttl = 0, tos = 0;
  bool id_is_identifying = true;
  uint16_t id = 0;
  uint32_t transport = 0;  // offset of the transport header in the frame; may lie beyond its end
  int32_t payload_length = 0;  // by the length fields; negative when they contradict the headers
};

/// Steps over IPv6 extension headers; over AH also for IPv4 in corrected mode.
template <Mode kMode>
[[gnu::noinline]] Counter skip_extensions(ByteRange frame, IpHeader& ip) {
  for (int headers = 0;; ++headers) {
    const bool is_followed =
        ip.protocol == kAuthentication ||
        (ip.version == IpVersion::v6 &&
         (ip.protocol == kHopByHop || ip.protocol == kRouting || ip.protocol == kFragment ||
          ip.protocol == kDestination || ip.protocol == kMobility));
    if (!is_followed) return Counter::analysed_packets;
    if (headers == kExtensionHeadersMax) return Counter::dropped_tunnel_too_deep;
    if (ip.payload_length < 8) return Counter::dropped_bad_ip;  // no such header is shorter
    if (!frame.has(ip.transport, 8)) return Counter::dropped_too_short;
    const uint8_t length_field = frame.u8(ip.transport + 1);
    int32_t length = 8 + 8 * length_field;
    if (ip.protocol == kAuthentication) length = 8 + 4 * length_field;
    if (ip.protocol == kFragment) {
      length = 8;
      // Tstat looks at the high bits of the first byte only: a second fragment below 1,024 bytes
      // passes (13, case 112).
      const uint16_t offset_bits = kMode == Mode::tstat ? 0xfc00 : 0xfff8;
      if ((frame.u16(ip.transport + 2) & offset_bits) != 0)
        return Counter::dropped_fragment_incomplete;
    }
    ip.protocol = frame.u8(ip.transport);
    ip.transport += static_cast<uint32_t>(length);
    ip.payload_length -= length;
    if (ip.payload_length < 0) return Counter::dropped_bad_ip;
  }
}

template <Mode kMode>
[[gnu::always_inline]] inline Counter read_ipv4(ByteRange frame, uint32_t offset,
                                                uint32_t captured_length, IpHeader& ip) {
  constexpr uint16_t kDontFragment = 0x4000, kFragmentOffset = 0x1fff;
  const ByteRange header = frame.from(offset);
  if (header.size() < kIpv4HeaderLength) return Counter::dropped_too_short;
  const uint32_t header_length = (header.u8(0) & 0x0fU) * 4U;
  uint32_t total_length = header.u16(2);
  if (kMode == Mode::corrected) {
    if (header_length < kIpv4HeaderLength) return Counter::dropped_bad_ip;
    if (total_length == 0) total_length = captured_length - offset;  // segmentation offload
    if (total_length < header_length) return Counter::dropped_bad_ip;
  }
  const uint16_t fragment = header.u16(6);
  if ((fragment & kFragmentOffset) != 0) return Counter::dropped_fragment_incomplete;
  ip.version = IpVersion::v4;
  ip.id = header.u16(4);
  ip.id_is_identifying =
      kMode == Mode::tstat || ip.id != 0 || (fragment & kDontFragment) == 0;  // RFC 6864
  ip.ttl = header.u8(8);
  ip.tos = header.u8(1);
  ip.protocol = header.u8(9);
  ip.source = IpAddress::v4(header.u32(12));
  ip.destination = IpAddress::v4(header.u32(16));
  ip.transport = offset + header_length;
  ip.payload_length = static_cast<int32_t>(total_length) - static_cast<int32_t>(header_length);
  if (kMode == Mode::corrected && ip.protocol == kAuthentication)
    return skip_extensions<kMode>(frame, ip);
  return Counter::analysed_packets;
}

IpAddress read_ipv6_address(ByteRange header, size_t at) {
  return {(uint64_t{header.u32(at)} << 32) | header.u32(at + 4),
          (uint64_t{header.u32(at + 8)} << 32) | header.u32(at + 12)};
}

template <Mode kMode>
Counter read_ipv6(ByteRange frame, uint32_t offset, IpHeader& ip) {
  const ByteRange header = frame.from(offset);
  if (header.size() < kIpv6HeaderLength) return Counter::dropped_too_short;
  const uint16_t payload_length = header.u16(4);
  ip.version = IpVersion::v6;
  ip.id = kMode == Mode::tstat ? payload_length : 0;  // Tstat reads the bytes where IPv4 has its id
  ip.id_is_identifying = kMode == Mode::tstat;
  ip.protocol = header.u8(6);
  ip.ttl = header.u8(7);
  ip.tos = static_cast<uint8_t>(header.u16(0) >> 4);
  ip.source = read_ipv6_address(header, 8);
  ip.destination = read_ipv6_address(header, 24);
  ip.transport = offset + kIpv6HeaderLength;
  ip.payload_length = payload_length;
  return skip_extensions<kMode>(frame, ip);
}

/// Reads the header at `offset`. What it finds has to agree with the promise of the layer below.
template <Mode kMode>
[[gnu::always_inline]] inline Counter read_ip(ByteRange frame, uint32_t offset, Promise promise,
                                              uint32_t captured_length, IpHeader& ip, bool& is_ip) {
  if (!frame.has(offset, 1)) return Counter::dropped_too_short;
  const unsigned version = frame.u8(offset) >> 4U;
  if (version == 4 && promise != Promise::ipv6) [[likely]] {
    is_ip = true;
    return read_ipv4<kMode>(frame, offset, captured_length, ip);
  }
  if (version == 6 && promise != Promise::ipv4) {
    is_ip = true;
    return read_ipv6<kMode>(frame, offset, ip);
  }
  return promise == Promise::nothing ? Counter::dropped_not_ip : Counter::dropped_bad_ip;
}

/// `captured` is everything behind the transport header; payload_length is already known. A buffer
/// holds less than 64 KiB.
void set_payload(Segment& segment, ByteRange captured) {
  constexpr size_t kCapturedMax = std::numeric_limits<uint16_t>::max();
  const int32_t length = std::max(segment.payload_length, 0);
  const size_t here = std::min({static_cast<size_t>(length), captured.size(), kCapturedMax});
  segment.payload_bytes = captured.data();
  segment.payload_captured = static_cast<uint16_t>(here);
}

template <Mode kMode>
[[gnu::always_inline]] inline Counter read_tcp(ByteRange frame, const IpHeader& ip,
                                               Segment& segment) {
  if (ip.payload_length < kTcpHeaderLength) return Counter::dropped_bad_l4;
  const ByteRange tcp = frame.from(ip.transport);
  if (tcp.size() < static_cast<size_t>(kTcpHeaderLength)) return Counter::dropped_too_short;
  const int32_t header_length = (tcp.u8(12) >> 4) * 4;
  segment.flags = tcp.u8(13);
  segment.malformed_offset = false;
  segment.payload_length = ip.payload_length - header_length;
  ByteRange options_end = tcp;  // tstat mode: options may run on into the payload
  if (kMode == Mode::corrected) {
    if (header_length < kTcpHeaderLength) return Counter::dropped_bad_l4;
    if (segment.payload_length < 0) {
      if (segment.has(flowstats::tcp_flag::kSyn)) return Counter::dropped_bad_l4;
      segment.payload_length = 0;
      segment.malformed_offset = true;
    }
    const int32_t end = header_length < ip.payload_length ? header_length : ip.payload_length;
    options_end = tcp.first(static_cast<size_t>(end));
  }
  segment.seq = tcp.u32(4);
  segment.ack = tcp.u32(8);
  segment.window = tcp.u16(14);
  segment.checksum = tcp.u16(16);
  segment.options = {};
  segment.option_bytes = 0;
  if (header_length > kTcpHeaderLength)
    read_tcp_options(options_end.from(kTcpHeaderLength),
                     static_cast<uint32_t>(header_length - kTcpHeaderLength), segment.options);
  set_payload(segment, tcp.from(static_cast<size_t>(header_length)));
  const auto header = static_cast<size_t>(header_length);
  if (header_length > kTcpHeaderLength && header_length <= ip.payload_length &&
      tcp.has(0, header)) {
    segment.option_bytes = static_cast<uint8_t>(header_length - kTcpHeaderLength);
    segment.payload_bytes = tcp.data() + header;  // also when there is nothing behind it
    if (is_plain_list(segment.option_list())) segment.options.seen |= flowstats::TcpOptions::kPlain;
  }
  return Counter::analysed_packets;
}

/// A length field of 0 or beyond the packet is a datagram all the same; Tstat lets it wrap,
/// corrected mode clips it.
template <Mode kMode>
Counter read_udp(ByteRange frame, const IpHeader& ip, Segment& segment) {
  if (ip.payload_length < kUdpHeaderLength) return Counter::dropped_bad_l4;
  const ByteRange udp = frame.from(ip.transport);
  if (udp.size() < static_cast<size_t>(kUdpHeaderLength)) return Counter::dropped_too_short;
  int32_t length = udp.u16(4);
  if (kMode == Mode::corrected) {
    if (length != 0 && length < kUdpHeaderLength) return Counter::dropped_bad_l4;
    if (length == 0 || length > ip.payload_length) length = ip.payload_length;
  }
  segment.payload_length = length - kUdpHeaderLength;
  segment.seq = udp.u16(4);
  segment.ack = static_cast<uint32_t>(ip.payload_length);
  segment.window = segment.checksum = 0;
  segment.flags = 0;
  segment.malformed_offset = false;
  segment.options = {};
  segment.option_bytes = 0;
  set_payload(segment, udp.from(kUdpHeaderLength));
  return Counter::analysed_packets;
}

template <Mode kMode>
[[gnu::always_inline]] inline Counter read_transport(uint64_t hash_seed, ByteRange frame,
                                                     const IpHeader& ip, Segment& segment) {
  Counter outcome = Counter::dropped_not_tcp_udp;
  if (ip.payload_length < 0)
    outcome = Counter::dropped_bad_ip;
  else if (ip.protocol == flowstats::kProtocolTcp) [[likely]]
    outcome = read_tcp<kMode>(frame, ip, segment);
  else if (ip.protocol == flowstats::kProtocolUdp)
    outcome = read_udp<kMode>(frame, ip, segment);
  if (outcome != Counter::analysed_packets) return outcome;
  segment.ttl = ip.ttl;
  segment.tos = ip.tos;
  segment.ip_id = ip.id;
  segment.ip_id_is_identifying = ip.id_is_identifying;
  const auto directed =
      flowstats::make_tuple({ip.source, frame.u16(ip.transport)},
                            {ip.destination, frame.u16(ip.transport + 2)}, ip.protocol, ip.version);
  segment.tuple = directed.tuple;
  segment.direction = directed.direction;
  segment.hash = flowstats::hash_tuple(segment.tuple, hash_seed);
  return outcome;
}

/// GRE version 0 with optional checksum, key and sequence number: where the packet in it starts.
NetworkStart follow_gre(ByteRange frame, const IpHeader& ip, uint8_t nesting) {
  constexpr uint16_t kChecksum = 0x8000, kRoutingPresent = 0x4000, kKey = 0x2000,
                     kSequence = 0x1000, kVersion = 0x0007;
  NetworkStart start;
  start.nesting = nesting;
  if (ip.payload_length < 4)
    start.outcome = Counter::dropped_bad_l4;
  else if (!frame.has(ip.transport, 4))
    start.outcome = Counter::dropped_too_short;
  if (start.outcome != Counter::analysed_packets) return start;
  const uint16_t flags = frame.u16(ip.transport), type = frame.u16(ip.transport + 2);
  int32_t length = 4;
  for (const uint16_t optional_field : {kChecksum, kKey, kSequence})
    if ((flags & optional_field) != 0) length += 4;
  start.offset = ip.transport + static_cast<uint32_t>(length);
  if ((flags & (kVersion | kRoutingPresent)) != 0)
    start.outcome = Counter::dropped_not_tcp_udp;
  else if (ip.payload_length < length)
    start.outcome = Counter::dropped_bad_l4;
  else if (type == kEtherTypeIpv4)
    start.promise = Promise::ipv4;
  else if (type == kEtherTypeIpv6)
    start.promise = Promise::ipv6;
  else if (type == kEtherTypeEthernet)
    return follow_ethernet(frame, start.offset, nesting);
  else
    start.outcome = Counter::dropped_not_tcp_udp;
  return start;
}

bool is_tunnel(uint8_t protocol) {
  return protocol == kProtocolIpip || protocol == kProtocolIpv6 || protocol == kProtocolGre;
}

/// Where the packet inside `ip` starts.
NetworkStart enter_tunnel(ByteRange frame, const IpHeader& ip, uint8_t nesting) {
  NetworkStart start;
  start.nesting = static_cast<uint8_t>(nesting + 1);
  start.offset = ip.transport;
  start.promise = ip.protocol == kProtocolIpip ? Promise::ipv4 : Promise::ipv6;
  if (start.nesting > kNestingMax)
    start.outcome = Counter::dropped_tunnel_too_deep;
  else if (ip.protocol == kProtocolGre)
    start = follow_gre(frame, ip, start.nesting);
  // No IP in there, but there is IP around it.
  if (start.outcome == Counter::dropped_not_ip) start.outcome = Counter::dropped_not_tcp_udp;
  return start;
}

}  // namespace

Counter parse_network_tstat(uint64_t hash_seed, ByteRange frame, const NetworkStart& start,
                            Segment& segment, bool& is_ip) {
  IpHeader ip;
  Counter outcome = read_ip<Mode::tstat>(frame, start.offset, start.promise, 0, ip, is_ip);
  if (outcome != Counter::analysed_packets) return outcome;
  const bool is_tunnelled =
      ip.version == IpVersion::v4 && (ip.protocol == kProtocolIpip || ip.protocol == kProtocolIpv6);
  if (is_tunnelled) [[unlikely]] {  // one level
    const uint32_t inner = ip.transport;
    outcome = read_ip<Mode::tstat>(frame, inner, Promise::ip, 0, ip, is_ip);
    if (outcome != Counter::analysed_packets) return outcome;
  }
  return read_transport<Mode::tstat>(hash_seed, frame, ip, segment);
}

Counter parse_network_corrected(uint64_t hash_seed, ByteRange frame, uint32_t captured_length,
                                NetworkStart start, Segment& segment, bool& is_ip) {
  IpHeader ip;
  while (true) {
    const bool is_inner = is_ip;
    const Counter outcome =
        read_ip<Mode::corrected>(frame, start.offset, start.promise, captured_length, ip, is_ip);
    if (outcome == Counter::dropped_not_ip && is_inner) return Counter::dropped_not_tcp_udp;
    if (outcome != Counter::analysed_packets) return outcome;
    if (!is_tunnel(ip.protocol)) [[likely]]
      return read_transport<Mode::corrected>(hash_seed, frame, ip, segment);
    // What lies beyond the outer packet is padding and belongs to no inner one.
    const uint32_t end = ip.transport + static_cast<uint32_t>(ip.payload_length);
    frame = frame.first(end);
    if (end < captured_length) captured_length = end;
    start = enter_tunnel(frame, ip, start.nesting);
    if (start.outcome != Counter::analysed_packets) return start.outcome;
  }
}

}  // namespace tapstat::dataplane
