/// A burst of frames -> their Segments, or only their hashes: how the packet path parses.
///
/// The same results as parse(), frame by frame, for every input; but plain frames (parse_plain.h)
/// are read without a call, and the rule set is chosen once for the burst. No allocation, no state:
/// any thread may call it. Nothing is prefetched here: the caller has done that before.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/parse.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/units.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

/// Where the bytes of a packet are.
struct Frame {
  const uint8_t* bytes = nullptr;  // contiguous_length of them
  uint32_t contiguous_length = 0;  // bytes in the first buffer
  uint32_t captured_length = 0;    // in all buffers; at least contiguous_length
};
static_assert(sizeof(Frame) == 16);

/// Parallel arrays, all as long as `frames`.
struct FrameBurst {
  std::span<const Frame> frames;
  const flowstats::Timestamp* times = nullptr;   // of each packet
  const flowstats::Timestamp* clocks = nullptr;  // largest packet time of the capture up to it
  const uint64_t* hashes = nullptr;  // hash_tuple() of each packet; nullptr: not known yet
};

struct ParsedBurst {
  size_t segments = 0;
  /// Time of the first packet with an IPv4 or IPv6 header, analysed or not; kNever: there is none.
  flowstats::Timestamp first_ip = flowstats::kNever;
};

/// Writes the segments of the analysed packets, in order and without gaps, to `out`, which has room
/// for all of them; counts the others by their cause in `counters` (owned by the calling thread).
[[nodiscard]] ParsedBurst parse_burst(const ParseRules& rules, const FrameBurst& burst,
                                      flowstats::Segment* out, flowstats::CounterBlock& counters);

/// What the dispatcher needs of a packet.
struct PacketKey {
  flowstats::Counter outcome = flowstats::Counter::analysed_packets;  // or dropped_*
  uint64_t hash = 0;  // hash_tuple(); unspecified for dropped packets
};

/// Finds the keys of all packets, `out` as long as `burst.frames`. Returns first_ip as above.
[[nodiscard]] flowstats::Timestamp find_keys(const ParseRules& rules, const FrameBurst& burst,
                                             PacketKey* out);

}  // namespace tapstat::dataplane
