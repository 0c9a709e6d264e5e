#include "dataplane/parse_link.h"

namespace tapstat::dataplane {

using flowstats::ByteRange;
using flowstats::Counter;

namespace {

constexpr uint16_t kVlan = 0x8100, kServiceVlan = 0x88a8, kOldServiceVlan = 0x9100;
constexpr uint16_t kMpls = 0x8847, kMplsMulticast = 0x8848, kPppoeSession = 0x8864;
constexpr uint16_t kPppIpv4 = 0x0021, kPppIpv6 = 0x0057;
constexpr uint16_t kEtherTypeMin = 0x0600;  // below it the field is a length: LLC follows
constexpr uint16_t kLinuxLlc =
    0x0004;  // ETH_P_802_2 in the protocol field of Linux cooked captures
constexpr uint32_t kTagLength = 4, kLabelLength = 4, kPppoeLength = 8, kSnapLength = 8;
constexpr uint32_t kCooked1Length = 16, kCooked2Length = 20, kHdlcLength = 4, kSlipLength = 16;
constexpr uint32_t kFddiLength = 13, k80211Length = 24;

NetworkStart refuse(Counter why) {
  NetworkStart start;
  start.outcome = why;
  return start;
}

/// `offset` may be the size of the frame: then the link layer is whole and nothing follows it.
NetworkStart network_at(ByteRange frame, uint32_t offset, Promise promise, uint8_t nesting = 0) {
  if (offset > frame.size()) return refuse(Counter::dropped_bad_l2);
  return {Counter::analysed_packets, promise, nesting, offset};
}

NetworkStart ether_type_tstat(ByteRange frame, uint16_t type, uint32_t payload) {
  switch (type) {
    case kEtherTypeIpv4:
    case kEtherTypeIpv6: return network_at(frame, payload, Promise::ip);
    case kVlan: {
      if (!frame.has(payload, kTagLength)) return refuse(Counter::dropped_bad_l2);
      const uint16_t inner = frame.u16(payload + 2);
      if (inner == kMpls)
        return network_at(frame, payload + kTagLength + kLabelLength, Promise::nothing);
      const bool is_ip = inner == kEtherTypeIpv4 || inner == kEtherTypeIpv6;
      return network_at(frame, payload + kTagLength, is_ip ? Promise::ip : Promise::nothing);
    }
    case kMpls: return network_at(frame, payload + kLabelLength, Promise::nothing);
    case kPppoeSession:
      if (!frame.has(payload, kPppoeLength)) return refuse(Counter::dropped_bad_l2);
      if (frame.u16(payload + 6) != kPppIpv4) return refuse(Counter::dropped_not_ip);
      return network_at(frame, payload + kPppoeLength, Promise::ip);
    default: return refuse(Counter::dropped_not_ip);
  }
}

NetworkStart promise_ppp(ByteRange frame, uint16_t protocol, uint32_t payload, uint8_t nesting) {
  if (protocol == kPppIpv4) return network_at(frame, payload, Promise::ipv4, nesting);
  if (protocol == kPppIpv6) return network_at(frame, payload, Promise::ipv6, nesting);
  return refuse(Counter::dropped_not_ip);
}

NetworkStart follow_pppoe(ByteRange frame, uint32_t offset, uint8_t nesting) {
  constexpr uint16_t kVersion1Type1SessionData = 0x1100;
  if (!frame.has(offset, kPppoeLength)) return refuse(Counter::dropped_bad_l2);
  if (frame.u16(offset) != kVersion1Type1SessionData) return refuse(Counter::dropped_bad_l2);
  return promise_ppp(frame, frame.u16(offset + 6), offset + kPppoeLength, nesting);
}

/// A label stack does not name what it carries: the version nibble after its bottom decides.
NetworkStart follow_mpls(ByteRange frame, uint32_t offset, uint8_t nesting) {
  while (true) {
    if (++nesting > kNestingMax) return refuse(Counter::dropped_tunnel_too_deep);
    if (!frame.has(offset, kLabelLength)) return refuse(Counter::dropped_bad_l2);
    const bool is_bottom = (frame.u8(offset + 2) & 0x01) != 0;
    offset += kLabelLength;
    if (is_bottom) return network_at(frame, offset, Promise::nothing, nesting);
  }
}

NetworkStart follow_ether_type(ByteRange frame, uint16_t type, uint32_t payload, uint8_t nesting);

/// IEEE 802.2 LLC with a SNAP header whose organisation code stands for EtherTypes.
NetworkStart follow_llc(ByteRange frame, uint32_t offset, uint8_t nesting) {
  constexpr uint32_t kSnapUnnumbered = 0xaaaa0300;  // DSAP, SSAP, UI, first byte of the code
  if (!frame.has(offset, 3)) return refuse(Counter::dropped_bad_l2);
  if (frame.u16(offset) != 0xaaaa) return refuse(Counter::dropped_not_ip);
  if (!frame.has(offset, kSnapLength)) return refuse(Counter::dropped_bad_l2);
  const uint16_t type = frame.u16(offset + 6);
  if (frame.u32(offset) != kSnapUnnumbered || frame.u16(offset + 4) != 0 || type < kEtherTypeMin)
    return refuse(Counter::dropped_not_ip);
  return follow_ether_type(frame, type, offset + kSnapLength, nesting);
}

NetworkStart follow_ether_type(ByteRange frame, uint16_t type, uint32_t payload, uint8_t nesting) {
  while (type == kVlan || type == kServiceVlan || type == kOldServiceVlan) {
    if (++nesting > kNestingMax) return refuse(Counter::dropped_tunnel_too_deep);
    if (!frame.has(payload, kTagLength)) return refuse(Counter::dropped_bad_l2);
    type = frame.u16(payload + 2);
    payload += kTagLength;
  }
  switch (type) {
    case kEtherTypeIpv4: return network_at(frame, payload, Promise::ipv4, nesting);
    case kEtherTypeIpv6: return network_at(frame, payload, Promise::ipv6, nesting);
    case kMpls:
    case kMplsMulticast: return follow_mpls(frame, payload, nesting);
    case kPppoeSession:
      if (++nesting > kNestingMax) return refuse(Counter::dropped_tunnel_too_deep);
      return follow_pppoe(frame, payload, nesting);
    default:
      return type < kEtherTypeMin ? follow_llc(frame, payload, nesting)
                                  : refuse(Counter::dropped_not_ip);
  }
}

/// Linux cooked captures: `type` is an EtherType, or one of the kernel's own numbers below 0x0600.
NetworkStart follow_cooked(ByteRange frame, uint16_t type, uint32_t payload) {
  if (type == kLinuxLlc) return follow_llc(frame, payload, 0);
  if (type < kEtherTypeMin) return refuse(Counter::dropped_not_ip);
  return follow_ether_type(frame, type, payload, 0);
}

/// The address family is in the byte order of the capturing machine, and each system has its own
/// number for IPv6.
NetworkStart follow_null(ByteRange frame) {
  if (!frame.has(0, 4)) return refuse(Counter::dropped_bad_l2);
  const uint32_t as_big_endian = frame.u32(0);
  const uint32_t family =
      as_big_endian < 0x10000 ? as_big_endian : __builtin_bswap32(as_big_endian);
  switch (family) {
    case 2: return network_at(frame, 4, Promise::ipv4);
    case 10:
    case 23:
    case 24:
    case 28:
    case 30: return network_at(frame, 4, Promise::ipv6);
    default: return refuse(Counter::dropped_not_ip);
  }
}

NetworkStart follow_hdlc(ByteRange frame) {
  if (!frame.has(0, kHdlcLength)) return refuse(Counter::dropped_bad_l2);
  const uint16_t type = frame.u16(2);
  if (type < kEtherTypeMin) return refuse(Counter::dropped_not_ip);
  return follow_ether_type(frame, type, kHdlcLength, 0);
}

/// With or without the HDLC-like framing of RFC 1662; some systems store Cisco HDLC under this link
/// type.
NetworkStart follow_ppp(ByteRange frame) {
  if (!frame.has(0, 2)) return refuse(Counter::dropped_bad_l2);
  const uint16_t start = frame.u16(0);
  if (start == 0x0f00 || start == 0x8f00) return follow_hdlc(frame);
  const uint32_t protocol_at = start == 0xff03 ? 2 : 0;
  if (!frame.has(protocol_at, 2)) return refuse(Counter::dropped_bad_l2);
  const uint8_t first = frame.u8(protocol_at);
  if ((first & 1) != 0) return promise_ppp(frame, first, protocol_at + 1, 0);  // compressed field
  return promise_ppp(frame, frame.u16(protocol_at), protocol_at + 2, 0);
}

NetworkStart follow_fddi(ByteRange frame) {
  if (!frame.has(0, kFddiLength)) return refuse(Counter::dropped_bad_l2);
  const bool is_llc = (frame.u8(0) & 0xf0) == 0x50;  // frame control: asynchronous LLC
  return is_llc ? follow_llc(frame, kFddiLength, 0) : refuse(Counter::dropped_not_ip);
}

/// IEEE 802.11 data frames in clear; management, control, empty and encrypted ones carry no IP to
/// read.
NetworkStart follow_80211(ByteRange frame) {
  if (!frame.has(0, 2)) return refuse(Counter::dropped_bad_l2);
  const uint8_t kind = frame.u8(0), bits = frame.u8(1);
  const bool is_data = (kind & 0x0c) == 0x08, has_no_body = (kind & 0x40) != 0;
  const bool is_qos = (kind & 0x80) != 0, is_encrypted = (bits & 0x40) != 0;
  if (!is_data || has_no_body || is_encrypted) return refuse(Counter::dropped_not_ip);
  uint32_t length = k80211Length;
  if ((bits & 0x03) == 0x03) length += 6;  // fourth address
  if (is_qos)
    length += (bits & 0x80) != 0 ? 6 : 2;  // QoS control; HT control when the order bit is set
  return follow_llc(frame, length, 0);
}

}  // namespace

NetworkStart find_network_tstat(LinkType type, ByteRange frame) {
  switch (type) {
    case LinkType::ethernet:
      if (!frame.has(0, kEthernetHeaderLength)) return refuse(Counter::dropped_bad_l2);
      return ether_type_tstat(frame, frame.u16(12), kEthernetHeaderLength);
    case LinkType::linux_cooked_v2:
      if (!frame.has(0, kCooked2Length)) return refuse(Counter::dropped_bad_l2);
      return ether_type_tstat(frame, frame.u16(0), kCooked2Length);
    case LinkType::raw_ip: return network_at(frame, 0, Promise::ip);
    case LinkType::linux_cooked_v1: return network_at(frame, kCooked1Length, Promise::nothing);
    case LinkType::null_loopback: return network_at(frame, 4, Promise::nothing);
    case LinkType::cisco_hdlc:
    case LinkType::ppp: return network_at(frame, kHdlcLength, Promise::nothing);
    case LinkType::fddi: return network_at(frame, kFddiLength + kSnapLength, Promise::nothing);
    case LinkType::ieee802_11:
      return network_at(frame, k80211Length + kSnapLength, Promise::nothing);
    case LinkType::slip: return network_at(frame, kSlipLength, Promise::nothing);
    case LinkType::mixed: break;
  }
  return refuse(Counter::dropped_bad_l2);
}

NetworkStart find_network_corrected(LinkType type, ByteRange frame) {
  switch (type) {
    case LinkType::ethernet: return follow_ethernet(frame, 0, 0);
    case LinkType::linux_cooked_v1:
      if (!frame.has(0, kCooked1Length)) return refuse(Counter::dropped_bad_l2);
      return follow_cooked(frame, frame.u16(14), kCooked1Length);
    case LinkType::linux_cooked_v2:
      if (!frame.has(0, kCooked2Length)) return refuse(Counter::dropped_bad_l2);
      return follow_cooked(frame, frame.u16(0), kCooked2Length);
    case LinkType::raw_ip: return network_at(frame, 0, Promise::ip);
    case LinkType::null_loopback: return follow_null(frame);
    case LinkType::cisco_hdlc: return follow_hdlc(frame);
    case LinkType::ppp: return follow_ppp(frame);
    case LinkType::fddi: return follow_fddi(frame);
    case LinkType::ieee802_11: return follow_80211(frame);
    case LinkType::slip: return network_at(frame, kSlipLength, Promise::nothing);
    case LinkType::mixed: break;
  }
  return refuse(Counter::dropped_bad_l2);
}

NetworkStart follow_ethernet(ByteRange frame, uint32_t offset, uint8_t nesting) {
  if (!frame.has(offset, kEthernetHeaderLength)) return refuse(Counter::dropped_bad_l2);
  return follow_ether_type(frame, frame.u16(offset + 12), offset + kEthernetHeaderLength, nesting);
}

}  // namespace tapstat::dataplane
