#include "dataplane/parse_burst.h"

#include "dataplane/parse_plain.h"

namespace tapstat::dataplane {

using flowstats::ByteRange;
using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::HashKey;
using flowstats::kNever;
using flowstats::kProtocolTcp;
using flowstats::kProtocolUdp;
using flowstats::Mode;
using flowstats::Segment;
using flowstats::Timestamp;
using plain::Ipv4;
using plain::Ipv6;
using plain::Tcp;
using plain::Udp;

namespace {

constexpr uint32_t kTagLength = 4;

/// Out of line, so that the loops below stay small.
[[gnu::noinline]] Counter parse_other(const ParseRules& rules, const Frame& frame, Segment& segment,
                                      bool& is_ip) {
  return parse(rules, ByteRange(frame.bytes, frame.contiguous_length), frame.captured_length,
               segment, is_ip);
}

/// False: the frame is not plain.
template <Mode kMode, bool kHashKnown>
[[gnu::always_inline]] inline bool parse_plain(const Frame& frame, const HashKey& key,
                                               uint64_t hash, Segment& s) {
  if (Ipv4::begins(frame)) [[likely]] {
    const uint8_t protocol = Ipv4::protocol(frame);
    if (protocol == kProtocolTcp) [[likely]]
      return plain::parse<kMode, kHashKnown, Ipv4, Tcp>(frame, key, hash, s);
    return protocol == kProtocolUdp &&
           plain::parse<kMode, kHashKnown, Ipv4, Udp>(frame, key, hash, s);
  }
  if (!Ipv6::begins(frame)) return false;
  const uint8_t protocol = Ipv6::protocol(frame);
  if (protocol == kProtocolTcp)
    return plain::parse<kMode, kHashKnown, Ipv6, Tcp>(frame, key, hash, s);
  return protocol == kProtocolUdp &&
         plain::parse<kMode, kHashKnown, Ipv6, Udp>(frame, key, hash, s);
}

[[gnu::always_inline]] inline bool hash_plain(const Frame& frame, const HashKey& key,
                                              uint64_t& hash) {
  if (Ipv4::begins(frame)) [[likely]] {
    const uint8_t protocol = Ipv4::protocol(frame);
    if (protocol == kProtocolTcp) [[likely]]
      return plain::find_hash<Ipv4, Tcp>(frame, key, hash);
    return protocol == kProtocolUdp && plain::find_hash<Ipv4, Udp>(frame, key, hash);
  }
  if (!Ipv6::begins(frame)) return false;
  const uint8_t protocol = Ipv6::protocol(frame);
  if (protocol == kProtocolTcp) return plain::find_hash<Ipv6, Tcp>(frame, key, hash);
  return protocol == kProtocolUdp && plain::find_hash<Ipv6, Udp>(frame, key, hash);
}

/// One VLAN tag stands before the EtherType: without its four bytes the frame may be plain.
bool is_tagged(const Frame& frame) {
  constexpr uint16_t kVlan = 0x8100;
  return frame.contiguous_length >= kEthernetHeaderLength + kTagLength &&
         plain::load16(frame.bytes + 12) == kVlan;
}
Frame without_tag(const Frame& frame) {
  return {frame.bytes + kTagLength, frame.contiguous_length - kTagLength,
          frame.captured_length - kTagLength};
}
template <Mode kMode, bool kHashKnown>
[[gnu::noinline]] bool parse_tagged(const Frame& frame, const HashKey& key, uint64_t hash,
                                    Segment& s) {
  return is_tagged(frame) && parse_plain<kMode, kHashKnown>(without_tag(frame), key, hash, s);
}
[[gnu::noinline]] bool hash_tagged(const Frame& frame, const HashKey& key, uint64_t& hash) {
  return is_tagged(frame) && hash_plain(without_tag(frame), key, hash);
}

/// kEthernet: frames may be plain.
template <Mode kMode, bool kEthernet, bool kHashKnown>
ParsedBurst parse_frames(const ParseRules& rules, const FrameBurst& burst, Segment* const out,
                         CounterBlock& counters) {
  const HashKey key(rules.hash_seed);
  // Copies, because the stores to segments could change `burst` for all the compiler knows.
  const Frame* const frames = burst.frames.data();
  const Timestamp* const times = burst.times;
  const Timestamp* const clocks = burst.clocks;
  const uint64_t* const hashes = burst.hashes;
  const size_t count = burst.frames.size();
  Segment* next = out;
  Timestamp first_dropped_ip = kNever;  // and nothing analysed before it
  for (size_t i = 0; i < count; ++i) {
    const uint64_t hash = kHashKnown ? hashes[i] : 0;
    const bool is_plain =
        kEthernet && (parse_plain<kMode, kHashKnown>(frames[i], key, hash, *next) ||
                      parse_tagged<kMode, kHashKnown>(frames[i], key, hash, *next));
    if (!is_plain) [[unlikely]] {
      bool is_ip = false;
      const Counter outcome = parse_other(rules, frames[i], *next, is_ip);
      if (outcome != Counter::analysed_packets) {
        counters.add(outcome);
        if (is_ip && next == out && first_dropped_ip == kNever) first_dropped_ip = times[i];
        continue;
      }
    }
    next->time = times[i];
    next->clock = clocks[i];
    next->frame = static_cast<uint8_t>(i);
    ++next;
  }
  const auto parsed = static_cast<size_t>(next - out);
  const bool is_dropped_first = first_dropped_ip != kNever || parsed == 0;
  return {parsed, is_dropped_first ? first_dropped_ip : out->time};
}

template <bool kEthernet>
Timestamp find_frame_keys(const ParseRules& rules, const FrameBurst& burst, PacketKey* out) {
  const HashKey key(rules.hash_seed);
  const Frame* const frames = burst.frames.data();
  const size_t count = burst.frames.size();
  size_t first_ip = count;
  for (size_t i = 0; i < count; ++i) {
    bool is_ip = kEthernet && (hash_plain(frames[i], key, out[i].hash) ||
                               hash_tagged(frames[i], key, out[i].hash));
    out[i].outcome = Counter::analysed_packets;
    if (!is_ip) [[unlikely]] {
      Segment segment;
      out[i].outcome = parse_other(rules, frames[i], segment, is_ip);
      out[i].hash = segment.hash;
    }
    if (is_ip && i < first_ip) first_ip = i;
  }
  return first_ip < count ? burst.times[first_ip] : kNever;
}

}  // namespace

ParsedBurst parse_burst(const ParseRules& rules, const FrameBurst& burst, Segment* out,
                        CounterBlock& counters) {
  if (rules.link_type != LinkType::ethernet)
    return parse_frames<Mode::corrected, false, false>(rules, burst, out, counters);
  const bool hash_known = burst.hashes != nullptr;
  if (rules.mode == Mode::tstat)
    return hash_known ? parse_frames<Mode::tstat, true, true>(rules, burst, out, counters)
                      : parse_frames<Mode::tstat, true, false>(rules, burst, out, counters);
  return hash_known ? parse_frames<Mode::corrected, true, true>(rules, burst, out, counters)
                    : parse_frames<Mode::corrected, true, false>(rules, burst, out, counters);
}

Timestamp find_keys(const ParseRules& rules, const FrameBurst& burst, PacketKey* out) {
  return rules.link_type == LinkType::ethernet ? find_frame_keys<true>(rules, burst, out)
                                               : find_frame_keys<false>(rules, burst, out);
}

}  // namespace tapstat::dataplane
