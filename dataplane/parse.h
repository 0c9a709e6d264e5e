/// One frame -> one Segment, or the counter that says why not.
///
/// Reads each header once, by length fields and captured bytes, never beyond either. Two rule sets:
/// tstat mode decodes exactly what Tstat 3.3.0 decodes; corrected mode any stack of VLAN, QinQ,
/// MPLS and PPPoE, IP in IP (both versions either way) and GRE, to a bounded depth. No allocation,
/// no state: any thread may call it. A packet has exactly one cause when it is not analysed. The
/// packet path takes parse_burst() instead, which gives the same results faster.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/counters.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

/// Link types of capture files (https://www.tcpdump.org/linktypes.html) that are decoded.
/// `mixed` is private to this program: a temporary capture made from a pcapng file whose interfaces
/// differ. Each of its packets begins with kMixedHeaderLength bytes: the DLT number (16 bits, big
/// endian), two zero bytes.
enum class LinkType : uint8_t {
  ethernet,
  raw_ip,
  linux_cooked_v1,
  linux_cooked_v2,
  null_loopback,
  cisco_hdlc,
  ppp,
  fddi,
  ieee802_11,
  slip,
  mixed
};

inline constexpr uint32_t kMixedHeaderLength = 4;
/// The link-layer number that `mixed` has in a file: DLT_USER0, of those that nobody assigns.
inline constexpr int kMixedDlt = 147;

/// libpcap's link-layer number (DLT_*) -> LinkType; empty when not supported. Never `mixed`.
[[nodiscard]] std::optional<LinkType> link_type_from_dlt(int dlt);
[[nodiscard]] std::string_view link_type_name(LinkType type);  // "Ethernet", "Linux cooked v2" ...

/// Bounds of invariant I7. Tags, labels and tunnels together (followed in corrected mode only);
/// IPv6 extension headers of one packet (both modes).
inline constexpr int kNestingMax = 8;
inline constexpr int kExtensionHeadersMax = 16;

struct ParseRules {
  flowstats::Mode mode = flowstats::Mode::tstat;
  LinkType link_type = LinkType::ethernet;
  uint64_t hash_seed = 0;
};

/// Fills `segment` (all fields but time and clock) and returns Counter::analysed_packets, or
/// returns the Counter::dropped_* that fits; `segment` is then unspecified. `frame` holds the
/// captured bytes that are contiguous; `captured_length` is the whole captured length of the
/// packet, at least frame.size() (a frame may lie in several buffers). `is_ip` is set to whether an
/// IPv4 or IPv6 header was found (Tstat times its first table sweep from the first IP packet).
[[nodiscard]] flowstats::Counter parse(const ParseRules& rules, flowstats::ByteRange frame,
                                       uint32_t captured_length, flowstats::Segment& segment,
                                       bool& is_ip);

}  // namespace tapstat::dataplane
