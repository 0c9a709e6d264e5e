#include "flowstats/layer7/rtcp.h"

#include <algorithm>

namespace tapstat::flowstats::layer7 {

namespace {

constexpr uint8_t kSenderReport = 200, kReceiverReport = 201;
constexpr size_t kHeaderBytes = 8, kSenderBytes = 20, kBlockBytes = 24;  // RFC 3550 section 6.4
constexpr size_t kSenderBytesOfTstat = 24;

uint32_t u32_or_zero(ByteRange bytes, size_t offset) {
  return bytes.has(offset, 4) ? bytes.u32(offset) : 0;
}

bool is_cut(ByteRange payload, size_t sender_bytes, size_t block_bytes, Mode mode) {
  if (mode == Mode::corrected) return payload.size() < kHeaderBytes + sender_bytes + block_bytes;
  // The block is looked for behind the true end of the sender part.
  const size_t needed = block_bytes != 0 || sender_bytes == 0
                            ? kHeaderBytes + sender_bytes + block_bytes
                            : kHeaderBytes + kSenderBytesOfTstat;
  return payload.size() <= needed;
}

void read_block(ByteRange payload, size_t offset, RtcpPacket& packet) {
  packet.has_block = true;
  const uint32_t loss = u32_or_zero(payload, offset + 4);
  packet.fraction_lost = static_cast<uint8_t>(loss >> 24);
  packet.losses = static_cast<int32_t>(loss << 8) >> 8;  // 24 bits with a sign
  packet.jitter = u32_or_zero(payload, offset + 12);
  packet.last_sender_id = u32_or_zero(payload, offset + 16);
  packet.delay = u32_or_zero(payload, offset + 20);
}

}  // namespace

RtcpPacket read_rtcp(ByteRange payload, Mode mode) {
  RtcpPacket packet;
  packet.type = payload.u8(1);
  packet.ssrc = payload.u32(4);
  if (packet.type != kSenderReport && packet.type != kReceiverReport) return packet;
  const uint8_t blocks = payload.u8(0) & 31;
  size_t sender_bytes = 0;
  if (packet.type == kSenderReport) {
    sender_bytes = kSenderBytes;
    packet.has_sender = true;
    packet.sender_id = u32_or_zero(payload, 10);
    packet.sender_packets = u32_or_zero(payload, 20);
    packet.sender_bytes = u32_or_zero(payload, 24);
    if (is_cut(payload, sender_bytes, 0, mode)) packet.flags |= kRtcpCut;
  }
  if (blocks == 1) {
    if (is_cut(payload, sender_bytes, kBlockBytes, mode)) packet.flags |= kRtcpCut;
    read_block(payload, kHeaderBytes + sender_bytes, packet);
  }
  if (blocks > 1) packet.flags |= kRtcpBlocksSkipped;
  return packet;
}

void RtcpStatistics::add(const RtcpPacket& packet, Timestamp now, bool is_first, Mode mode) {
  flags |= packet.flags;
  if (packet.has_sender) {
    sender_time = now;
    sender_packets = packet.sender_packets;
    sender_bytes = packet.sender_bytes;
  }
  if (!packet.has_block) return;
  const bool starts_minimum = mode == Mode::tstat ? is_first : reports == 0;
  jitter_min = starts_minimum ? packet.jitter : std::min(jitter_min, packet.jitter);
  jitter_max = std::max(jitter_max, packet.jitter);
  ++reports;
  jitter_sum += packet.jitter;
  fraction_sum += packet.fraction_lost;
  losses = packet.losses;
}

void RtcpStatistics::add_round_trip(Timestamp sent, Timestamp now, uint32_t delay) {
  const double rtt_ms = static_cast<double>((now - sent).us) / 1000.0 - delay * 1000.0 / 65536.0;
  if (rtt_ms < 0) return;
  rtt_max_ms = std::max(rtt_max_ms, rtt_ms);
  rtt_min_ms = round_trips == 0 ? rtt_ms : std::min(rtt_min_ms, rtt_ms);
  ++round_trips;
  rtt_sum_ms += rtt_ms;
}

}  // namespace tapstat::flowstats::layer7
