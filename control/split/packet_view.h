/// What a packet says about the connection it belongs to.
///
/// TCP segments and UDP datagrams as the probe itself parses them (Mode::corrected); beside them
/// what the probe leaves out: later fragments of IP packets (RFC 791 section 3.2, RFC 8200 section
/// 4.5) and the packets that ICMP errors quote (RFC 792, RFC 4443 section 2.4). Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/parse.h"
#include "flowstats/base/byte_range.h"
#include "flowstats/wire/five_tuple.h"
#include "flowstats/wire/segment.h"

namespace tapstat::control::splitting {

/// What the fragments of one IP packet have in common.
struct FragmentKey {
  flowstats::IpAddress source, destination;
  uint32_t id = 0;
  uint8_t protocol = 0;
  flowstats::IpVersion version = flowstats::IpVersion::v4;
  bool operator==(const FragmentKey&) const = default;
};

struct FragmentKeyHash {
  size_t operator()(const FragmentKey& key) const;
};

struct PacketView {
  enum class Kind : uint8_t { segment, later_fragment, icmp_error, other };
  Kind kind = Kind::other;
  flowstats::Segment segment;  // Kind::segment
  /// Kind::later_fragment, and a segment that is the first of several fragments.
  std::optional<FragmentKey> fragment;
  flowstats::DirectedTuple quoted;  // Kind::icmp_error: the packet that the error is about
};

[[nodiscard]] PacketView view_packet(dataplane::LinkType link_type, flowstats::ByteRange frame);

}  // namespace tapstat::control::splitting
