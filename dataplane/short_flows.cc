#include "dataplane/short_flows.h"

#include <cstring>
#include <vector>

#include "dataplane/tuple_map.h"

namespace tapstat::dataplane {

using flowstats::Segment;
namespace tcp_flag = flowstats::tcp_flag;

namespace {

/// The packets of a handshake as they come in.
struct Handshake {
  const LabPacket *syn = nullptr, *answer = nullptr, *ack = nullptr;
  uint32_t client_isn = 0, server_isn = 0;
  flowstats::Direction client = flowstats::Direction::from_a;

  /// True when this packet completes it.
  bool take(const LabPacket& packet, const Segment& s) {
    const uint8_t flags =
        s.flags & (tcp_flag::kSyn | tcp_flag::kAck | tcp_flag::kFin | tcp_flag::kRst);
    if (s.payload_length != 0) return false;
    if (flags == tcp_flag::kSyn) {
      *this = {&packet, nullptr, nullptr, s.seq, 0, s.direction};
    } else if (flags == (tcp_flag::kSyn | tcp_flag::kAck) && syn != nullptr) {
      answer = &packet;
      server_isn = s.seq;
    } else if (flags == tcp_flag::kAck && answer != nullptr && ack == nullptr &&
               s.direction == client && s.seq == client_isn + 1 && s.ack == server_isn + 1) {
      ack = &packet;
      return true;
    }
    return false;
  }
};

/// What is written over a copy of a packet; relative to the initial sequence numbers.
struct Rewrite {
  const LabPacket* Handshake::*from;
  bool from_client;
  uint8_t flags;
  uint32_t seq, ack;
};

constexpr uint8_t kFinAck = tcp_flag::kFin | tcp_flag::kAck;
constexpr Rewrite kPlaces[ShortFlows::kPackets] = {
    {&Handshake::syn, true, tcp_flag::kSyn, 0, 0},
    {&Handshake::answer, false, tcp_flag::kSyn | tcp_flag::kAck, 0, 1},
    {&Handshake::ack, true, tcp_flag::kAck, 1, 1},
    {&Handshake::ack, true, kFinAck, 1, 1},
    {&Handshake::answer, false, kFinAck, 1, 2},
    {&Handshake::ack, true, tcp_flag::kAck, 2, 2},
};

/// Offset of the TCP header in the frame; 0 when it does not follow the IP header at once or is
/// cut.
size_t tcp_header_at(const LabCapture& capture, const LabPacket& packet) {
  constexpr size_t kV4Sender = 12, kV6Sender = 8, kV6Header = 40, kV6Next = 6, kTcpMin = 20;
  const uint8_t* const bytes = capture.bytes_of(packet);
  size_t at = 0;
  if (packet.address_size == 4) {
    const size_t ip = packet.addresses_at - kV4Sender;
    at = ip + 4U * (bytes[ip] & 0x0f);
  } else {
    const size_t ip = packet.addresses_at - kV6Sender;
    if (bytes[ip + kV6Next] != flowstats::kProtocolTcp) return 0;
    at = ip + kV6Header;
  }
  return at + kTcpMin <= packet.captured_length ? at : 0;
}

void put_number(uint8_t* at, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(at, &value, sizeof value);
}

std::vector<Handshake> find_handshakes(const LabCapture& capture,
                                       const flowstats::Measurement& rules) {
  const ParseRules parse_rules{rules.mode, capture.link_type(), rules.hash_seed};
  TupleMap<Handshake> pending;
  std::vector<Handshake> found;
  for (const LabPacket& packet : capture.packets()) {
    if (found.size() == ShortFlows::kFlowsMax) break;
    if (packet.address_size == 0 || tcp_header_at(capture, packet) == 0) continue;
    Segment s;
    bool is_ip = false;
    const flowstats::Counter outcome =
        parse(parse_rules, {capture.bytes_of(packet), packet.captured_length},
              packet.captured_length, s, is_ip);
    if (outcome != flowstats::Counter::analysed_packets ||
        s.tuple.protocol != flowstats::kProtocolTcp)
      continue;
    Handshake& handshake = pending[s.tuple];
    const bool is_known = handshake.ack != nullptr;  // each five-tuple once
    if (!is_known && handshake.take(packet, s)) found.push_back(handshake);
  }
  return found;
}

}  // namespace

std::optional<ShortFlows> ShortFlows::from(const LabCapture& capture,
                                           const flowstats::Measurement& rules) {
  const std::vector<Handshake> handshakes = find_handshakes(capture, rules);
  if (handshakes.empty()) return std::nullopt;
  std::vector<uint8_t> bytes;
  std::vector<LabPacket> packets;
  for (const Rewrite& place : kPlaces) {
    for (const Handshake& h : handshakes) {
      const LabPacket& source = *(h.*place.from);
      LabPacket packet = source;
      packet.bytes_at = bytes.size();
      packet.first_of_flow = &place == kPlaces;
      packet.last_of_flow = &place == kPlaces + kPackets - 1;
      packet.ends_block = &h == &handshakes.back();
      bytes.insert(bytes.end(), capture.bytes_of(source),
                   capture.bytes_of(source) + source.captured_length);
      uint8_t* const tcp = bytes.data() + packet.bytes_at + tcp_header_at(capture, source);
      put_number(tcp + 4, (place.from_client ? h.client_isn : h.server_isn) + place.seq);
      const uint32_t ack = (place.from_client ? h.server_isn : h.client_isn) + place.ack;
      put_number(tcp + 8, place.ack == 0 ? 0 : ack);
      tcp[13] = place.flags;
      packets.push_back(packet);
    }
  }
  return ShortFlows(LabCapture::made_of(capture.link_type(), std::move(bytes), std::move(packets)));
}

}  // namespace tapstat::dataplane
