/// Endless in-order traffic over a fixed number of open connections, drawn at random: the steady
/// load of a worker.
///
/// open() gives the handshakes; fill() then writes blocks of packets, each of a random connection
/// (uniformly: the worst case for caches): two full segments of the server, then the client's
/// acknowledgment. Frames are rewritten for every block, so that no header stays in the first-level
/// cache.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "bench/packet_path.h"
#include "bench/random.h"
#include "bench/traffic_frame.h"

namespace tapstat::bench {

/// A block of frames that is written anew each time, one microsecond apart.
class FrameBlock {
 public:
  static constexpr size_t kPackets = 2048;

  FrameBlock() : bytes_(kPackets * kStride), frames_(kPackets) {}

  void write(size_t i, const FlowIdentity& identity, const PlannedPacket& packet) {
    ++time_us_;
    const size_t size = encode_frame(identity, packet, time_us_, frame_);
    const size_t captured = std::min(size, kCaptured);
    uint8_t* const at = bytes_.data() + i * kStride;
    std::memcpy(at, frame_.data(), captured);
    frames_[i] = {at, static_cast<uint32_t>(captured), time_us_};
  }
  [[nodiscard]] std::span<const FrameInMemory> first(size_t count) const {
    return {frames_.data(), count};
  }

 private:
  static constexpr size_t kStride = 256, kCaptured = 128;

  std::vector<uint8_t> bytes_;
  std::vector<FrameInMemory> frames_;
  FrameBuffer frame_{};
  int64_t time_us_ = 1'600'000'000'000'000;
};

/// Who flow number `i` of such traffic is: each tenth in IPv6, all with time stamps.
inline FlowIdentity numbered_flow(uint32_t i) {
  FlowIdentity identity;
  identity.ipv6 = i % 10 == 9;
  identity.timestamps = true;
  identity.address_low = {0x0a000000U + i / 32'768, 0xc6120000U + i % 4096};
  if (identity.ipv6) identity.address_high = {0x20010db800010000ULL, 0x20010db800020000ULL};
  identity.port = {static_cast<uint16_t>(1024 + i % 32'768), 9999};
  identity.isn = {1000 + i, 500'000 + i};
  return identity;
}

class SteadyTraffic {
 public:
  static constexpr size_t kBlock = FrameBlock::kPackets;

  explicit SteadyTraffic(uint32_t flows) : flows_(flows) {
    for (uint32_t i = 0; i < flows; ++i) flows_[i].identity = numbered_flow(i);
  }

  /// Handshake, request and first answer of each connection, in as many calls as it takes; empty at
  /// the end. What a connection notes only once is noted then.
  std::span<const FrameInMemory> open() {
    size_t count = 0;
    for (; count + opening_packets_.size() <= kBlock && opened_ < flows_.size(); ++opened_) {
      for (const PlannedPacket& packet : opening_packets_)
        block_.write(count++, flows_[opened_].identity, packet);
      flows_[opened_].sent = kSegment;
    }
    return block_.first(count);
  }

  std::span<const FrameInMemory> fill() {
    for (size_t i = 0; i < kBlock; ++i) {
      Flow& flow = flows_[random_.below(static_cast<uint32_t>(flows_.size()))];
      PlannedPacket packet;
      packet.flags = kAck;
      packet.ip_id = static_cast<uint16_t>(flow.sent / kSegment);
      if (flow.phase < 2) {
        packet.side = 1;
        packet.payload = kSegment;
        packet.seq_offset = 1 + flow.sent;
        packet.ack_offset = 1 + kRequest;
        flow.sent += kSegment;
      } else {
        packet.seq_offset = 1 + kRequest;
        packet.ack_offset = 1 + flow.sent;
      }
      flow.phase = static_cast<uint8_t>((flow.phase + 1) % 3);
      block_.write(i, flow.identity, packet);
    }
    return block_.first(kBlock);
  }

 private:
  static constexpr uint16_t kSegment = 1400, kRequest = 300;

  static PlannedPacket planned(uint8_t side, uint8_t flags, uint16_t payload, uint32_t seq_offset,
                               uint32_t ack_offset) {
    PlannedPacket packet;
    packet.side = side;
    packet.flags = flags;
    packet.payload = payload;
    packet.seq_offset = seq_offset;
    packet.ack_offset = ack_offset;
    return packet;
  }
  const std::array<PlannedPacket, 6> opening_packets_ = {
      planned(0, kSyn, 0, 0, 0),
      planned(1, kSyn | kAck, 0, 0, 1),
      planned(0, kAck, 0, 1, 1),
      planned(0, kAck, kRequest, 1, 1),
      planned(1, kAck, kSegment, 1, 1 + kRequest),
      planned(0, kAck, 0, 1 + kRequest, 1 + kSegment)};
  struct Flow {
    FlowIdentity identity;
    uint32_t sent = 0;
    uint8_t phase = 0;
  };

  std::vector<Flow> flows_;
  FrameBlock block_;
  Random random_{42};
  size_t opened_ = 0;
};

/// Flows that are opened and torn down at once: a SYN of each flow of a block, then a RST of each.
class TurnoverTraffic {
 public:
  std::span<const FrameInMemory> fill() {
    constexpr size_t kFlows = FrameBlock::kPackets / 2;
    PlannedPacket syn;
    syn.flags = 0x02;
    PlannedPacket reset;
    reset.side = 1;
    reset.flags = 0x14;  // RST, ACK
    reset.ack_offset = 1;
    for (size_t i = 0; i < kFlows; ++i) {
      const FlowIdentity identity = numbered_flow(next_++ % kFlowsDifferent);
      block_.write(i, identity, syn);
      block_.write(kFlows + i, identity, reset);
    }
    return block_.first(2 * kFlows);
  }

 private:
  static constexpr uint32_t kFlowsDifferent = 1 << 22;

  FrameBlock block_;
  uint32_t next_ = 0;
};

}  // namespace tapstat::bench
