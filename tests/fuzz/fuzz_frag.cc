/// The fragments of one datagram, in any order, some repeated or overlapping: nothing is put
/// together, so each is accounted for alone. The first tells what the whole datagram tells, with
/// the bytes that it has; every other has one cause (RFC 791 section 3.2, RFC 8200 section 4.5).
///
/// Input: first byte = corrected mode (bit 0), IPv6 (bit 1), TCP (bit 2); second byte = how many
/// bytes of plan follow (modulo 32), each of them one cut; the rest is what the IP header carries.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

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
using tapstat::tests::PacketBuffer;
using Octets = std::vector<uint8_t>;

constexpr size_t kPlanMax = 32;
constexpr size_t kContentMax = 8'000;  // of the datagram, bytes; any offset still fits its field
constexpr size_t kUnit = 8;            // of offsets
constexpr uint8_t kUdp = 17, kTcp = 6, kFragmentHeader = 44;

struct Datagram {
  bool is_v6 = false;
  uint8_t protocol = kUdp;
  ByteRange content;
};

struct Fragment {
  size_t from = 0, size = 0;
  bool is_last = false;
};

void put16(Octets& into, size_t at, size_t value) {
  into[at] = static_cast<uint8_t>(value >> 8);
  into[at + 1] = static_cast<uint8_t>(value);
}

/// The IP packet of a fragment; the whole datagram has no sign of fragments.
Octets packet_of(const Datagram& datagram, const Fragment& fragment, bool is_whole) {
  const size_t header = datagram.is_v6 ? 40 + (is_whole ? 0 : kUnit) : 20;
  Octets packet(header + fragment.size, 0);
  if (datagram.is_v6) {
    packet[0] = 0x60;
    put16(packet, 4, packet.size() - 40);
    packet[6] = is_whole ? datagram.protocol : kFragmentHeader;
    packet[7] = 64;
    packet[23] = 1;
    packet[39] = 2;
    if (!is_whole) {
      packet[40] = datagram.protocol;
      put16(packet, 42, fragment.from | (fragment.is_last ? 0 : 1));
      packet[47] = 1;
    }
  } else {
    packet[0] = 0x45;
    put16(packet, 2, packet.size());
    packet[5] = 1;
    put16(packet, 6, is_whole ? 0 : fragment.from / kUnit | (fragment.is_last ? 0 : 0x2000));
    packet[8] = 64;
    packet[9] = datagram.protocol;
    packet[12] = packet[16] = 10;
    packet[15] = 1;
    packet[19] = 2;
  }
  if (fragment.size > 0)
    std::memcpy(packet.data() + header, datagram.content.data() + fragment.from, fragment.size);
  return packet;
}

/// Fragments that cover the datagram, in the order in which they are sent. A byte of the plan: size
/// (low five bits), sent twice (bit 5), begins a unit earlier than it would have to (bit 6).
std::vector<Fragment> cut(ByteRange content, ByteRange plan) {
  std::vector<std::pair<uint8_t, Fragment>> planned;
  size_t from = 0;
  for (size_t i = 0; i < plan.size() && from < content.size(); ++i) {
    const uint8_t step = plan.u8(i);
    const size_t overlap = (step & 0x40) != 0 && from > 0 ? kUnit : 0;
    const size_t wanted = (step % 32 + 1U) * kUnit;
    const size_t size = std::min(wanted, content.size() - from);
    if (from + size >= content.size()) break;  // left to the last one
    const auto place = static_cast<uint8_t>(step * 37);
    for (int copy = 0; copy < ((step & 0x20) != 0 ? 2 : 1); ++copy)
      planned.emplace_back(static_cast<uint8_t>(place + copy * 101),
                           Fragment{from - overlap, size + overlap, false});
    from += size;
  }
  planned.emplace_back(uint8_t{128}, Fragment{from, content.size() - from, true});
  std::stable_sort(planned.begin(), planned.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Fragment> sent;
  for (const auto& [place, fragment] : planned) sent.push_back(fragment);
  return sent;
}

Counter parse_packet(const ParseRules& rules, const PacketBuffer& packet, Segment& segment) {
  bool is_ip = false;
  const Counter outcome = tapstat::tests::parse_all_ways(
      rules, packet.frame(), static_cast<uint32_t>(packet.frame().size()), segment, is_ip);
  TAPSTAT_ASSERT(is_ip);
  return outcome;
}

/// Whose it is and what it says, as far as the fragment reaches.
void check_first(const Segment& first, const Segment& whole) {
  TAPSTAT_ASSERT(first.tuple == whole.tuple && first.hash == whole.hash);
  TAPSTAT_ASSERT(first.direction == whole.direction);
  TAPSTAT_ASSERT(first.seq == whole.seq && first.flags == whole.flags);
  TAPSTAT_ASSERT(first.payload_length <= whole.payload_length);
  TAPSTAT_ASSERT(first.payload().size() <= whole.payload().size());
  if (!first.payload().empty())
    TAPSTAT_ASSERT(
        std::memcmp(first.payload().data(), whole.payload().data(), first.payload().size()) == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  ParseRules rules;
  rules.mode = (data[0] & 1) != 0 ? Mode::corrected : Mode::tstat;
  rules.link_type = LinkType::raw_ip;
  const ByteRange input{data + 2, size - 2};
  const ByteRange plan = input.first(data[1] % kPlanMax);
  Datagram datagram;
  datagram.is_v6 = (data[0] & 2) != 0;
  datagram.protocol = (data[0] & 4) != 0 ? kTcp : kUdp;
  datagram.content = input.from(plan.size()).first(kContentMax);

  Segment whole;
  const Octets whole_bytes = packet_of(datagram, {0, datagram.content.size(), true}, true);
  const PacketBuffer whole_packet(whole_bytes.data(), whole_bytes.size());
  const Counter whole_outcome = parse_packet(rules, whole_packet, whole);
  // Tstat takes second fragments of IPv6 below this offset for first ones.
  const size_t later_from = rules.mode == Mode::tstat && datagram.is_v6 ? 1'024 : 1;
  for (const Fragment& fragment : cut(datagram.content, plan)) {
    const Octets bytes = packet_of(datagram, fragment, false);
    const PacketBuffer packet(bytes.data(), bytes.size());
    Segment segment;
    const Counter outcome = parse_packet(rules, packet, segment);
    if (fragment.from >= later_from)
      TAPSTAT_ASSERT(outcome == Counter::dropped_fragment_incomplete);
    if (fragment.from > 0) continue;
    TAPSTAT_ASSERT(outcome != Counter::dropped_fragment_incomplete);
    if (outcome == Counter::analysed_packets && whole_outcome == Counter::analysed_packets)
      check_first(segment, whole);
  }
  return 0;
}
