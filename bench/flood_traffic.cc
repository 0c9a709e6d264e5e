#include "bench/flood_traffic.h"

namespace tapstat::bench {
namespace {

constexpr uint16_t kDatagramBytes = 18;  // fills the shortest Ethernet frame
constexpr size_t kIpHeader = 14;

void put_address(uint8_t* at, uint32_t address) {
  for (int byte = 0; byte < 4; ++byte) at[byte] = static_cast<uint8_t>(address >> (24 - 8 * byte));
}

}  // namespace

const std::vector<FloodKindName>& flood_kinds() {
  static const std::vector<FloodKindName> all = {
      {FloodKind::syn, "syn", "lone SYNs"},
      {FloodKind::udp, "udp", "single UDP datagrams with random bytes to random ports"},
      {FloodKind::flows, "flows", "one flow for each packet: SYNs and datagrams in turn"},
      {FloodKind::connections, "connections", "whole TCP handshakes, three packets each"},
      {FloodKind::ack, "ack", "ACKs of connections that nobody opened"},
      {FloodKind::fragments, "fragments", "later fragments of datagrams whose first is missing"},
      {FloodKind::others, "others", "ARP, ICMP and an unknown EtherType"},
      {FloodKind::mixed, "mixed", "all of these at random"},
  };
  return all;
}

FlowIdentity FloodTraffic::stranger(bool udp) {
  FlowIdentity flow;
  const uint64_t draw = random_.next();
  flow.address_low = {0x0b000000 | (draw & 0xffffff), 0xcb007100 | (draw >> 24 & 0xff)};
  flow.port = {static_cast<uint16_t>(draw >> 32), 443};
  if (udp) flow.port[1] = static_cast<uint16_t>(draw >> 48);
  flow.isn = {random_.below(0xffffffff), random_.below(0xffffffff)};
  flow.udp = udp;
  return flow;
}

size_t FloodTraffic::lone_segment(uint8_t flags, FrameBuffer& frame) {
  PlannedPacket packet;
  packet.flags = flags;
  return encode_frame(stranger(false), packet, 0, frame);
}

/// The checksum becomes wrong; the probe does not verify it.
size_t FloodTraffic::datagram(FrameBuffer& frame) {
  PlannedPacket packet;
  packet.payload = kDatagramBytes;
  const size_t size = encode_frame(stranger(true), packet, 0, frame);
  for (size_t at = size - kDatagramBytes; at < size; ++at)
    frame[at] = static_cast<uint8_t>(random_.next());
  return size;
}

size_t FloodTraffic::handshake_step(FrameBuffer& frame) {
  if (step_ == 0) connection_ = stranger(false);
  PlannedPacket packet;
  packet.side = step_ == 1 ? 1 : 0;
  packet.flags = step_ == 0 ? kSyn : step_ == 1 ? kSyn | kAck : kAck;
  packet.seq_offset = step_ == 2 ? 1 : 0;
  packet.ack_offset = step_ == 0 ? 0 : 1;
  step_ = static_cast<uint8_t>((step_ + 1) % 3);
  return encode_frame(connection_, packet, 0, frame);
}

size_t FloodTraffic::later_fragment(FrameBuffer& frame) {
  const size_t size = encode_odd_frame(OddFrame::later_fragment, frame);
  put_address(&frame[kIpHeader + 12], 0x0b000000 | random_.below(1 << 24));
  frame[kIpHeader + 5] = static_cast<uint8_t>(random_.next());
  return size;
}

size_t FloodTraffic::other_frame(FrameBuffer& frame) {
  switch (random_.below(3)) {
    case 0: return encode_odd_frame(OddFrame::arp, frame);
    case 1: return encode_odd_frame(OddFrame::icmp_echo, frame);
    default: {
      const size_t size = encode_odd_frame(OddFrame::arp, frame);
      frame[12] = 0x88;  // an EtherType for local experiments (IEEE 802)
      frame[13] = 0xb5;
      return size;
    }
  }
}

size_t FloodTraffic::next(FrameBuffer& frame) {
  FloodKind kind = kind_;
  if (kind == FloodKind::mixed)
    kind = static_cast<FloodKind>(random_.below(static_cast<uint32_t>(FloodKind::mixed)));
  switch (kind) {
    case FloodKind::udp: return datagram(frame);
    case FloodKind::flows:
      return random_.below(2) == 0 ? lone_segment(kSyn, frame) : datagram(frame);
    case FloodKind::connections: return handshake_step(frame);
    case FloodKind::ack: return lone_segment(kAck, frame);
    case FloodKind::fragments: return later_fragment(frame);
    case FloodKind::others: return other_frame(frame);
    case FloodKind::syn:
    case FloodKind::mixed: break;
  }
  return lone_segment(kSyn, frame);
}

}  // namespace tapstat::bench
