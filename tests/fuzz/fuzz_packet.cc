/// One frame through the parser: exactly one cause, nothing beyond the captured bytes, and the same
/// result from the quick way and from the long one.
///
/// Input: first byte = link type in the low four bits, corrected mode in the high bit; the rest is
/// the frame.
#include <cstddef>
#include <cstdint>

#include "dataplane/parse.h"
#include "flowstats/base/check.h"
#include "tests/support/packet_buffer.h"
#include "tests/support/parse_ways.h"

namespace {

using tapstat::dataplane::LinkType;
using tapstat::dataplane::ParseRules;
using tapstat::flowstats::ByteRange;
using tapstat::flowstats::Counter;
using tapstat::flowstats::Mode;
using tapstat::flowstats::Segment;

constexpr int kLinkTypes = static_cast<int>(LinkType::mixed) + 1;

void check_segment(const ParseRules& rules, const Segment& s, ByteRange frame) {
  const uint8_t* end = frame.data() + frame.size();
  if (!s.payload().empty()) {
    TAPSTAT_ASSERT(s.payload().data() >= frame.data());
    TAPSTAT_ASSERT(s.payload().data() + s.payload().size() <= end);
    TAPSTAT_ASSERT(static_cast<int64_t>(s.payload().size()) <= s.payload_length);
  }
  if (rules.mode == Mode::corrected) TAPSTAT_ASSERT(s.payload_length >= 0);
  TAPSTAT_ASSERT(s.tuple.protocol == tapstat::flowstats::kProtocolTcp ||
                 s.tuple.protocol == tapstat::flowstats::kProtocolUdp);
  TAPSTAT_ASSERT(s.hash == hash_tuple(s.tuple, rules.hash_seed));
}

/// The frame in a buffer of its own. `missing` captured bytes lie in buffers that are not shown.
Counter parse_copy(const ParseRules& rules, const uint8_t* data, size_t size, uint32_t missing) {
  const tapstat::tests::PacketBuffer buffer(data, size);
  const ByteRange frame = buffer.frame();
  Segment segment;
  bool is_ip = false;
  const Counter outcome = tapstat::tests::parse_all_ways(
      rules, frame, static_cast<uint32_t>(size) + missing, segment, is_ip);
  if (outcome == Counter::analysed_packets) {
    TAPSTAT_ASSERT(is_ip);
    check_segment(rules, segment, frame);
  } else {
    TAPSTAT_ASSERT(outcome >= Counter::dropped_too_short);
    TAPSTAT_ASSERT(outcome <= Counter::dropped_tunnel_too_deep);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ParseRules rules;
  rules.mode = (data[0] & 0x80) != 0 ? Mode::corrected : Mode::tstat;
  rules.link_type = static_cast<LinkType>((data[0] & 0x0f) % kLinkTypes);
  ++data;
  --size;
  const Counter whole = parse_copy(rules, data, size, 0);
  TAPSTAT_ASSERT(whole == parse_copy(rules, data, size, 0));
  parse_copy(rules, data, size, 1000);
  for (size_t prefix = 0; prefix < size && prefix < 128; ++prefix)
    parse_copy(rules, data, prefix, 0);
  return 0;
}
