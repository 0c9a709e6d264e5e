#include "control/split/packet_view.h"

#include "dataplane/parse_link.h"

namespace tapstat::control::splitting {

using flowstats::ByteRange;
using flowstats::Counter;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Mode;

namespace {

constexpr uint8_t kIcmp = 1, kIcmpV6 = 58;
constexpr uint32_t kIcmpHeaderBytes = 8;

/// The IP headers of a packet, as far as they say where its payload is and whose fragment it is.
struct IpHeaders {
  FragmentKey key;
  size_t payload = 0;  // offset in the frame
  bool is_later_fragment = false, has_more_fragments = false;
};

std::optional<IpHeaders> read_ipv4(ByteRange header, size_t offset) {
  constexpr uint16_t kMoreFragments = 0x2000, kFragmentOffset = 0x1fff;
  const size_t header_bytes = (header.u8(0) & 0x0fU) * size_t{4};
  if (!header.has(0, 20) || header_bytes < 20) return std::nullopt;
  IpHeaders ip;
  ip.key = {IpAddress::v4(header.u32(12)), IpAddress::v4(header.u32(16)), header.u16(4),
            header.u8(9), IpVersion::v4};
  ip.payload = offset + header_bytes;
  ip.is_later_fragment = (header.u16(6) & kFragmentOffset) != 0;
  ip.has_more_fragments = (header.u16(6) & kMoreFragments) != 0;
  return ip;
}

IpAddress ipv6_address(ByteRange header, size_t at) {
  return {uint64_t{header.u32(at)} << 32 | header.u32(at + 4),
          uint64_t{header.u32(at + 8)} << 32 | header.u32(at + 12)};
}

std::optional<IpHeaders> read_ipv6(ByteRange header, size_t offset) {
  constexpr size_t kHeaderBytes = 40;
  constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
  constexpr uint16_t kFragmentOffset = 0xfff8, kMoreFragments = 1;
  if (!header.has(0, kHeaderBytes)) return std::nullopt;
  IpHeaders ip;
  ip.key = {ipv6_address(header, 8), ipv6_address(header, 24), 0, header.u8(6), IpVersion::v6};
  size_t at = kHeaderBytes;
  for (int headers = 0; headers < dataplane::kExtensionHeadersMax; ++headers) {
    const uint8_t kind = ip.key.protocol;
    if (kind != kHopByHop && kind != kRouting && kind != kFragment && kind != kDestination) break;
    if (!header.has(at, 8)) return std::nullopt;
    ip.key.protocol = header.u8(at);
    if (kind == kFragment) {
      ip.key.id = header.u32(at + 4);
      ip.is_later_fragment = (header.u16(at + 2) & kFragmentOffset) != 0;
      ip.has_more_fragments = (header.u16(at + 2) & kMoreFragments) != 0;
    }
    at += kind == kFragment ? 8 : 8 + 8U * header.u8(at + 1);
    if (ip.is_later_fragment) break;  // what follows is no header
  }
  ip.payload = offset + at;
  return ip;
}

std::optional<IpHeaders> read_ip(ByteRange frame, size_t offset) {
  const ByteRange header = frame.from(offset);
  if (header.empty()) return std::nullopt;
  if (header.u8(0) >> 4 == 4) return read_ipv4(header, offset);
  if (header.u8(0) >> 4 == 6) return read_ipv6(header, offset);
  return std::nullopt;
}

/// RFC 792: destination unreachable, source quench, redirect, time exceeded, parameter problem. RFC
/// 4443: every type below 128 is an error, and those known are 1 to 4.
bool is_error(uint8_t protocol, uint8_t type) {
  if (protocol == kIcmp) return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
  return type >= 1 && type <= 4;
}

std::optional<flowstats::DirectedTuple> quoted_by(ByteRange frame, const IpHeaders& ip) {
  const bool is_icmp = ip.key.protocol == kIcmp || ip.key.protocol == kIcmpV6;
  if (!is_icmp || ip.is_later_fragment || !frame.has(ip.payload, kIcmpHeaderBytes) ||
      !is_error(ip.key.protocol, frame.u8(ip.payload)))
    return std::nullopt;
  const auto inner = read_ip(frame, ip.payload + kIcmpHeaderBytes);
  if (!inner || inner->is_later_fragment || !frame.has(inner->payload, 4)) return std::nullopt;
  if (inner->key.protocol != flowstats::kProtocolTcp &&
      inner->key.protocol != flowstats::kProtocolUdp)
    return std::nullopt;
  return flowstats::make_tuple({inner->key.source, frame.u16(inner->payload)},
                               {inner->key.destination, frame.u16(inner->payload + 2)},
                               inner->key.protocol, inner->key.version);
}

}  // namespace

size_t FragmentKeyHash::operator()(const FragmentKey& key) const {
  const auto ports = flowstats::make_tuple({key.source, static_cast<uint16_t>(key.id)},
                                           {key.destination, static_cast<uint16_t>(key.id >> 16)},
                                           key.protocol, IpVersion::v6);
  return flowstats::hash_tuple(ports.tuple, 0);
}

PacketView view_packet(dataplane::LinkType link_type, ByteRange frame) {
  PacketView view;
  bool is_ip = false;
  const Counter outcome =
      dataplane::parse({Mode::corrected, link_type, 0}, frame, static_cast<uint32_t>(frame.size()),
                       view.segment, is_ip);
  if (outcome == Counter::analysed_packets) view.kind = PacketView::Kind::segment;
  if (!is_ip) return view;
  const dataplane::NetworkStart start = dataplane::find_network_corrected(link_type, frame);
  const auto ip = read_ip(frame, start.offset);
  if (!ip) return view;
  if (outcome == Counter::analysed_packets) {
    if (ip->has_more_fragments) view.fragment = ip->key;
  } else if (ip->is_later_fragment) {
    view.kind = PacketView::Kind::later_fragment;
    view.fragment = ip->key;
  } else if (const auto quoted = quoted_by(frame, *ip)) {
    view.kind = PacketView::Kind::icmp_error;
    view.quoted = *quoted;
  }
  return view;
}

}  // namespace tapstat::control::splitting
