/// Link layer and everything between it and IP: finds where the network layer of a frame starts.
///
/// Used by parse.cc and, for Ethernet inside GRE, by parse_ip.cc. Pure functions; never read beyond
/// the range. Sources: IEEE 802.1Q, RFC 3032 (MPLS), RFC 2516 (PPPoE), RFC 1042 (LLC/SNAP), and
/// https://www.tcpdump.org/linktypes.html for the headers of capture files.
#pragma once

#include <cstdint>

#include "dataplane/parse.h"
#include "flowstats/base/byte_range.h"
#include "flowstats/base/counters.h"

namespace tapstat::dataplane {

inline constexpr uint16_t kEtherTypeIpv4 = 0x0800;
inline constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
inline constexpr uint16_t kEtherTypeEthernet = 0x6558;  // transparent Ethernet bridging, RFC 1701
inline constexpr uint32_t kEthernetHeaderLength = 14;

/// What the layer below said about the next header. A version nibble that breaks the promise is
/// bad_ip; without a promise it is not_ip.
enum class Promise : uint8_t { nothing, ip, ipv4, ipv6 };

struct NetworkStart {
  flowstats::Counter outcome =
      flowstats::Counter::analysed_packets;  // or dropped_*; the rest is then unset
  Promise promise = Promise::nothing;
  uint8_t nesting = 0;  // tags, labels and tunnels passed, at most kNestingMax
  uint32_t offset = 0;  // of the first byte after the link layer; may equal the size of the frame
};

/// Tstat's table: fixed offsets; one VLAN tag, one MPLS label, both, or PPPoE with IPv4. Not for
/// `mixed`.
[[nodiscard]] NetworkStart find_network_tstat(LinkType type, flowstats::ByteRange frame);

/// Honours every protocol field and follows any stack up to kNestingMax. Not for `mixed`.
[[nodiscard]] NetworkStart find_network_corrected(LinkType type, flowstats::ByteRange frame);

/// Corrected mode: an Ethernet header at `offset`, found inside a tunnel after `nesting` levels.
[[nodiscard]] NetworkStart follow_ethernet(flowstats::ByteRange frame, uint32_t offset,
                                           uint8_t nesting);

}  // namespace tapstat::dataplane
