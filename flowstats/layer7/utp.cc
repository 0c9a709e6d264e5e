#include "flowstats/layer7/utp.h"

#include "flowstats/layer7/udp_signatures.h"

namespace tapstat::flowstats::layer7 {
namespace {

constexpr uint32_t kDatagramsMax = 39;
constexpr size_t kHeaderBytes = 20;

/// Types of packets in the upper half of the first byte; the lower half is version 1.
constexpr uint8_t kData = 0x00, kFin = 0x10, kState = 0x20, kReset = 0x30, kSyn = 0x40;

bool is_header(ByteRange payload) {
  constexpr uint8_t kExtensionMax = 2;
  return payload.has(0, kHeaderBytes) && Utp::may_begin_with(payload.u8(0)) &&
         payload.u8(1) <= kExtensionMax;
}

bool fits(const Utp& first, ByteRange answer) {
  const auto type = static_cast<uint8_t>(answer.u8(0) & 0xf0);
  const uint16_t connection_id = answer.u16(2), acknowledged = answer.u16(18);
  const bool same_id = connection_id == first.connection_id;
  const int distance = int{connection_id} - int{first.connection_id};
  const bool neighbouring_id = distance == 1 || distance == -1;
  if (first.type == kSyn) {
    if (type == kState) return same_id && acknowledged == first.seq;
    return (type == kFin || type == kReset) && same_id;
  }
  if (first.type != kData && first.type != kState) return false;
  if (type == kReset) return same_id;
  return type != kSyn && neighbouring_id;
}

}  // namespace

bool Utp::on_datagram(const UdpDatagramView& datagram) {
  if (state == State::found || datagram.packets > kDatagramsMax) return false;
  if (datagram.udp_length < kUdpHeaderBytes + kHeaderBytes || !is_header(datagram.payload))
    return false;
  const State of_side = datagram.side == kClient ? State::begun_by_client : State::begun_by_server;
  if (state == State::unseen) state = of_side;
  if (state == of_side) {
    type = datagram.payload.u8(0) & 0xf0;
    connection_id = datagram.payload.u16(2);
    seq = datagram.payload.u16(16);
    return false;
  }
  if (!fits(*this, datagram.payload)) return false;
  state = State::found;
  return true;
}

}  // namespace tapstat::flowstats::layer7
