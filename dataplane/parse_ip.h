/// IP, tunnels in IP, TCP and UDP: from the start of the network layer to a Segment.
///
/// Used by parse.cc only. Sources: RFC 791, RFC 8200, RFC 4302 (AH), RFC 2784 and 2890 (GRE), RFC
/// 9293, RFC 768. Never reads beyond the frame; every loop is bounded by kNestingMax or
/// kExtensionHeadersMax.
#pragma once

#include <cstdint>

#include "dataplane/parse.h"
#include "dataplane/parse_link.h"
#include "flowstats/base/byte_range.h"
#include "flowstats/base/counters.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

/// `start.outcome` is analysed_packets. Result and parameters as parse().
[[nodiscard]] flowstats::Counter parse_network_tstat(uint64_t hash_seed, flowstats::ByteRange frame,
                                                     const NetworkStart& start,
                                                     flowstats::Segment& segment, bool& is_ip);
[[nodiscard]] flowstats::Counter parse_network_corrected(uint64_t hash_seed,
                                                         flowstats::ByteRange frame,
                                                         uint32_t captured_length,
                                                         NetworkStart start,
                                                         flowstats::Segment& segment, bool& is_ip);

}  // namespace tapstat::dataplane
