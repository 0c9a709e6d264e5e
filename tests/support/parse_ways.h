/// One frame through every way of parsing it, which have to agree: parse(), parse_burst() with and
/// without a known hash, find_keys().
///
/// For unit tests and fuzz targets: a disagreement aborts.
#pragma once

#include "dataplane/parse_burst.h"
#include "flowstats/base/check.h"

namespace tapstat::tests {

/// What parse() sets; addresses of bytes included, times not.
inline void check_same_segment(const flowstats::Segment& a, const flowstats::Segment& b) {
  TAPSTAT_ASSERT(a.tuple == b.tuple);
  TAPSTAT_ASSERT(a.hash == b.hash);
  TAPSTAT_ASSERT(a.direction == b.direction);
  TAPSTAT_ASSERT(a.seq == b.seq && a.ack == b.ack);
  TAPSTAT_ASSERT(a.window == b.window);
  TAPSTAT_ASSERT(a.checksum == b.checksum);
  TAPSTAT_ASSERT(a.flags == b.flags);
  TAPSTAT_ASSERT(a.malformed_offset == b.malformed_offset);
  TAPSTAT_ASSERT(a.ip_id == b.ip_id && a.ip_id_is_identifying == b.ip_id_is_identifying);
  TAPSTAT_ASSERT(a.ttl == b.ttl && a.tos == b.tos);
  TAPSTAT_ASSERT(a.option_list().data() == b.option_list().data());
  TAPSTAT_ASSERT(a.option_bytes == b.option_bytes);
  TAPSTAT_ASSERT(a.options == b.options);
  TAPSTAT_ASSERT(a.payload_length == b.payload_length);
  TAPSTAT_ASSERT(a.payload().data() == b.payload().data());
  TAPSTAT_ASSERT(a.payload().size() == b.payload().size());
}

/// Parameters and result as parse().
[[nodiscard]] inline flowstats::Counter parse_all_ways(const dataplane::ParseRules& rules,
                                                       flowstats::ByteRange bytes,
                                                       uint32_t captured_length,
                                                       flowstats::Segment& segment, bool& is_ip) {
  using flowstats::Counter;
  const Counter outcome = parse(rules, bytes, captured_length, segment, is_ip);
  const bool is_analysed = outcome == Counter::analysed_packets;
  const flowstats::Timestamp time{1000}, clock{2000};
  const dataplane::Frame frame{bytes.data(), static_cast<uint32_t>(bytes.size()), captured_length};
  dataplane::FrameBurst burst{{&frame, 1}, &time, &clock, nullptr};
  for (const uint64_t* known :
       {static_cast<const uint64_t*>(nullptr), static_cast<const uint64_t*>(&segment.hash)}) {
    if (!is_analysed && known != nullptr) continue;
    burst.hashes = known;
    flowstats::CounterBlock counters;
    flowstats::Segment of_burst;
    const dataplane::ParsedBurst parsed = parse_burst(rules, burst, &of_burst, counters);
    TAPSTAT_ASSERT(parsed.segments == (is_analysed ? 1 : 0));
    TAPSTAT_ASSERT(parsed.first_ip == (is_ip ? time : flowstats::kNever));
    TAPSTAT_ASSERT(counters.get(outcome) == (is_analysed ? 0 : 1));
    if (!is_analysed) continue;
    check_same_segment(of_burst, segment);
    TAPSTAT_ASSERT(of_burst.time == time && of_burst.clock == clock);
  }
  dataplane::PacketKey key;
  const flowstats::Timestamp first_ip = find_keys(rules, burst, &key);
  TAPSTAT_ASSERT(first_ip == (is_ip ? time : flowstats::kNever));
  TAPSTAT_ASSERT(key.outcome == outcome);
  if (is_analysed) TAPSTAT_ASSERT(key.hash == segment.hash);
  return outcome;
}

}  // namespace tapstat::tests
