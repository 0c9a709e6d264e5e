/// RTP and RTCP datagrams for tests, and a flow that plays them to an engine.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "flowstats/layer7/rtp_engine.h"

namespace tapstat::tests {

using Datagram = std::vector<uint8_t>;

inline void append_u32(Datagram& bytes, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<uint8_t>(value >> shift));
}

struct RtpFields {
  uint16_t seq = 0;
  uint32_t stamp = 0, ssrc = 0x1111;
  uint8_t payload_type = 8;
  size_t media_bytes = 160;
};

inline Datagram rtp_datagram(const RtpFields& fields) {
  Datagram bytes = {0x80, fields.payload_type, static_cast<uint8_t>(fields.seq >> 8),
                    static_cast<uint8_t>(fields.seq)};
  append_u32(bytes, fields.stamp);
  append_u32(bytes, fields.ssrc);
  bytes.resize(bytes.size() + fields.media_bytes, 0xd5);
  return bytes;
}

struct RtcpBlock {
  uint8_t fraction = 0;
  int32_t losses = 0;
  uint32_t jitter = 0, last_sender_id = 0, delay = 0;
};

inline void append_block(Datagram& bytes, const RtcpBlock& block) {
  append_u32(bytes, 0x2222);
  append_u32(bytes,
             uint32_t{block.fraction} << 24 | (static_cast<uint32_t>(block.losses) & 0xffffff));
  append_u32(bytes, 0);  // highest sequence number
  append_u32(bytes, block.jitter);
  append_u32(bytes, block.last_sender_id);
  append_u32(bytes, block.delay);
}

inline Datagram receiver_report(uint32_t ssrc, std::initializer_list<RtcpBlock> blocks) {
  Datagram bytes = {static_cast<uint8_t>(0x80 | blocks.size()), 201, 0, 7};
  append_u32(bytes, ssrc);
  for (const RtcpBlock& block : blocks) append_block(bytes, block);
  return bytes;
}

struct SenderFields {
  uint32_t ssrc = 0x77, id = 0;
  uint32_t packets = 0, bytes = 0;
};

inline Datagram sender_report(const SenderFields& sender,
                              std::initializer_list<RtcpBlock> blocks = {}) {
  Datagram bytes = {static_cast<uint8_t>(0x80 | blocks.size()), 200, 0, 6};
  append_u32(bytes, sender.ssrc);
  append_u32(bytes, sender.id >> 16);  // NTP stamp: its middle half is the report's name
  append_u32(bytes, sender.id << 16);
  append_u32(bytes, 0);
  append_u32(bytes, sender.packets);
  append_u32(bytes, sender.bytes);
  for (const RtcpBlock& block : blocks) append_block(bytes, block);
  return bytes;
}

inline flowstats::ByteRange range_of(const Datagram& bytes) { return {bytes.data(), bytes.size()}; }

/// One UDP flow, fed datagram by datagram.
struct PlayedFlow {
  std::array<uint16_t, 2> port = {40001, 20000};
  std::array<uint8_t, 2> ttl = {64, 64};
  flowstats::layer7::RtpState state;
  std::array<flowstats::layer7::UdpType, 2> type{};
  std::array<uint32_t, 2> packets{};
  flowstats::Timestamp now{1'600'000'000'000'000};

  void play(flowstats::layer7::RtpEngine& engine, const Datagram& bytes,
            size_t side = flowstats::layer7::kClient) {
    flowstats::layer7::UdpDatagramView view;
    view.side = side;
    view.packets_of_side = ++packets[side];
    view.packets = packets[flowstats::layer7::kClient] + packets[flowstats::layer7::kServer];
    view.udp_length = view.ip_payload_length = static_cast<uint32_t>(bytes.size()) + 8;
    view.payload = range_of(bytes);
    view.source_port = port[side];
    view.destination_port = port[1 - side];
    view.ttl = ttl[side];
    view.time = now;
    engine.on_datagram(state, type, view);
    now = now + flowstats::milliseconds(20);
  }

  [[nodiscard]] std::vector<flowstats::layer7::RtpSummary> lines(
      const flowstats::layer7::RtpEngine& engine) const {
    std::vector<flowstats::layer7::RtpSummary> summaries;
    engine.for_each_stream(
        state, type, [&](const flowstats::layer7::RtpSummary& line) { summaries.push_back(line); });
    return summaries;
  }
};

inline flowstats::Measurement measurement_of(flowstats::Mode mode, uint32_t streams_max = 5'000) {
  flowstats::Measurement measurement;
  measurement.mode = mode;
  measurement.inspection.rtp_streams_max = streams_max;
  return measurement;
}

}  // namespace tapstat::tests
