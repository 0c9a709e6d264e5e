#include "bench/traffic_frame.h"

#include <cstring>

namespace tapstat::bench {
namespace {

constexpr uint8_t kProtocolTcp = 6, kProtocolUdp = 17;
constexpr uint8_t kFiller = 'x';
constexpr uint16_t kMss = 1460;

/// Appends big-endian values to a frame.
class Cursor {
 public:
  explicit Cursor(uint8_t* at) : at_(at) {}
  void u8(unsigned value) { *at_++ = static_cast<uint8_t>(value); }
  void u16(unsigned value) {
    u8(value >> 8);
    u8(value);
  }
  void u32(uint64_t value) {
    u16(static_cast<unsigned>(value >> 16) & 0xffff);
    u16(static_cast<unsigned>(value) & 0xffff);
  }
  [[nodiscard]] uint8_t* at() const { return at_; }

 private:
  uint8_t* at_;
};

/// One's complement sum (RFC 1071) of an even number of bytes.
uint32_t sum_of(const uint8_t* bytes, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < size; i += 2)
    sum += static_cast<uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  return sum;
}

uint32_t sum_of_filler(uint32_t size) {
  return size / 2 * (kFiller << 8 | kFiller) + size % 2 * (kFiller << 8);
}

void store_checksum(uint8_t* at, uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  at[0] = static_cast<uint8_t>(~sum >> 8);
  at[1] = static_cast<uint8_t>(~sum);
}

void put_ethernet(Cursor& out, const FlowIdentity& flow, uint8_t side) {
  for (const unsigned end : {1U - side, unsigned{side}}) {
    out.u32(0x02000000);
    out.u16(end);
  }
  if (flow.vlan != 0) {
    out.u16(0x8100);
    out.u16(flow.vlan);
  }
  out.u16(flow.ipv6 ? 0x86dd : 0x0800);
}

void put_ip(Cursor& out, const FlowIdentity& flow, const PlannedPacket& packet, size_t ip_payload) {
  const unsigned from = packet.side, to = 1U - from;
  const unsigned protocol = flow.udp ? kProtocolUdp : kProtocolTcp;
  const unsigned ttl = packet.side == 0 ? 127 : 57;
  if (flow.ipv6) {
    out.u32(0x60000000);
    out.u16(static_cast<unsigned>(ip_payload));
    out.u8(protocol);
    out.u8(ttl);
    for (const unsigned end : {from, to}) {
      out.u32(flow.address_high[end] >> 32);
      out.u32(flow.address_high[end]);
      out.u32(flow.address_low[end] >> 32);
      out.u32(flow.address_low[end]);
    }
    return;
  }
  uint8_t* const header = out.at();
  out.u16(0x4500);
  out.u16(static_cast<unsigned>(ip_payload + 20));
  out.u16(packet.ip_id);
  out.u16(0x4000);
  out.u8(ttl);
  out.u8(protocol);
  out.u16(0);
  out.u32(flow.address_low[from]);
  out.u32(flow.address_low[to]);
  store_checksum(header + 10, sum_of(header, 20));
}

size_t put_tcp_options(Cursor& out, const FlowIdentity& flow, const PlannedPacket& packet,
                       int64_t time_us) {
  const uint8_t* const start = out.at();
  if ((packet.flags & kSyn) != 0) {
    out.u32(0x02040000 | kMss);
    out.u32(0x01010402);  // SACK permitted
    out.u32(0x01030307);  // window scale 7
  }
  if (flow.timestamps) {
    out.u32(0x0101080a);
    out.u32(static_cast<uint64_t>(time_us / 1000));
    out.u32((packet.flags & 0x10) != 0 ? static_cast<uint64_t>(time_us / 1000 - 10) : 0);
  }
  if (packet.sack_left != packet.sack_right) {
    const uint32_t isn = flow.isn[1U - packet.side];
    out.u32(0x0101050a);
    out.u32(isn + packet.sack_left);
    out.u32(isn + packet.sack_right);
  }
  return static_cast<size_t>(out.at() - start);
}

}  // namespace

uint16_t full_segment(const FlowIdentity& flow) {
  return static_cast<uint16_t>(1500 - (flow.ipv6 ? 40 : 20) - (flow.udp ? 8 : 20) -
                               (flow.timestamps && !flow.udp ? 12 : 0));
}

size_t encode_frame(const FlowIdentity& flow, const PlannedPacket& packet, int64_t time_us,
                    FrameBuffer& frame) {
  const unsigned from = packet.side, to = 1U - from;
  Cursor link(frame.data());
  put_ethernet(link, flow, packet.side);
  uint8_t* const transport = link.at() + (flow.ipv6 ? 40 : 20);
  Cursor out(transport);
  out.u16(flow.port[from]);
  out.u16(flow.port[to]);
  uint8_t* checksum = transport + 6;
  if (flow.udp) {
    out.u16(packet.payload + 8U);
    out.u16(0);
  } else {
    checksum = transport + 16;
    out.u32(flow.isn[from] + packet.seq_offset);
    out.u32((packet.flags & 0x10) != 0 ? flow.isn[to] + packet.ack_offset : 0);
    out.u8(0);
    out.u8(packet.flags);
    out.u16((packet.flags & kSyn) != 0 ? 64240 : 1002);
    out.u32(0);
    const size_t options = put_tcp_options(out, flow, packet, time_us);
    transport[12] = static_cast<uint8_t>((5 + options / 4) << 4);
  }
  const auto header = static_cast<size_t>(out.at() - transport);
  std::memset(out.at(), kFiller, packet.payload);
  const size_t ip_payload = header + packet.payload;
  put_ip(link, flow, packet, ip_payload);
  const uint64_t pseudo = sum_of(transport - (flow.ipv6 ? 32 : 8), flow.ipv6 ? 32 : 8) +
                          ip_payload + (flow.udp ? kProtocolUdp : kProtocolTcp);
  store_checksum(checksum, pseudo + sum_of(transport, header) + sum_of_filler(packet.payload));
  return static_cast<size_t>(transport - frame.data()) + ip_payload;
}

size_t encode_odd_frame(OddFrame kind, FrameBuffer& frame) {
  FlowIdentity flow;
  flow.address_low = {0x0a000001, 0xc6336414};
  flow.udp = true;
  PlannedPacket packet;
  packet.payload = 40;
  const size_t size = encode_frame(flow, packet, 0, frame);
  uint8_t* const ip = frame.data() + 14;
  switch (kind) {
    case OddFrame::arp:
      frame[13] = 0x06;
      std::memset(ip, 0, 28);
      ip[1] = 1;
      ip[7] = 1;
      return 42;
    case OddFrame::icmp_echo:
      ip[9] = 1;
      ip[20] = 8;
      break;
    case OddFrame::bad_ip_version: ip[0] = 0x55; break;
    case OddFrame::later_fragment:
      ip[7] = 185;  // 1480 bytes into the datagram
      break;
    case OddFrame::count_: break;
  }
  ip[10] = ip[11] = 0;
  store_checksum(ip + 10, sum_of(ip, 20));
  return size;
}

}  // namespace tapstat::bench
