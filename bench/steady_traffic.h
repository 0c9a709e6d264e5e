/// Endless in-order traffic over a fixed number of open connections, drawn at random: the steady
/// load of a worker.
///
/// open() gives the handshakes; fill() then writes blocks of packets, each of a random connection
/// (uniformly: the worst case for caches): two full segments of the server, then the client's
/// acknowledgment. Frames are rewritten for every block, so that no header stays in the first-level
/// cache.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "bench/packet_path.h"
#include "bench/random.h"
#include "bench/traffic_frame.h"

namespace tapstat::bench {

class SteadyTraffic {
 public:
  static constexpr size_t kBlock = 2048;  // packets

  explicit SteadyTraffic(uint32_t flows) : flows_(flows), bytes_(kBlock * kStride), block_(kBlock) {
    for (uint32_t i = 0; i < flows; ++i) {
      FlowIdentity& identity = flows_[i].identity;
      identity.ipv6 = i % 10 == 9;
      identity.timestamps = true;
      identity.address_high = {0, 0};
      identity.address_low = {0x0a000000U + i / 32'768, 0xc6120000U + i % 4096};
      if (identity.ipv6) identity.address_high = {0x20010db800010000ULL, 0x20010db800020000ULL};
      identity.port = {static_cast<uint16_t>(1024 + i % 32'768), 9999};
      identity.isn = {1000 + i, 500'000 + i};
    }
  }

  /// Three packets for each connection, in as many calls as it takes; empty at the end.
  std::span<const FrameInMemory> open() {
    size_t count = 0;
    for (; count + 3 <= kBlock && opened_ < flows_.size(); ++opened_)
      for (const auto& [side, flags] :
           {std::pair<uint8_t, uint8_t>{0, kSyn}, {1, kSyn | kAck}, {0, kAck}}) {
        PlannedPacket packet;
        packet.side = side;
        packet.flags = flags;
        packet.seq_offset = (flags & kSyn) != 0 ? 0 : 1;
        packet.ack_offset = 1;
        write(count++, flows_[opened_].identity, packet);
      }
    return {block_.data(), count};
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
        packet.ack_offset = 1;
        flow.sent += kSegment;
      } else {
        packet.seq_offset = 1;
        packet.ack_offset = 1 + flow.sent;
      }
      flow.phase = static_cast<uint8_t>((flow.phase + 1) % 3);
      write(i, flow.identity, packet);
    }
    return block_;
  }

 private:
  static constexpr uint8_t kSyn = 0x02, kAck = 0x10;
  static constexpr uint16_t kSegment = 1400;
  static constexpr size_t kStride = 256, kCaptured = 128;
  struct Flow {
    FlowIdentity identity;
    uint32_t sent = 0;
    uint8_t phase = 0;
  };

  void write(size_t i, const FlowIdentity& identity, const PlannedPacket& packet) {
    ++time_us_;
    const size_t size = encode_frame(identity, packet, time_us_, frame_);
    const size_t captured = std::min(size, kCaptured);
    uint8_t* const at = bytes_.data() + i * kStride;
    std::memcpy(at, frame_.data(), captured);
    block_[i] = {at, static_cast<uint32_t>(captured), time_us_};
  }

  std::vector<Flow> flows_;
  std::vector<uint8_t> bytes_;
  std::vector<FrameInMemory> block_;
  FrameBuffer frame_{};
  Random random_{42};
  size_t opened_ = 0;
  int64_t time_us_ = 1'600'000'000'000'000;
};

}  // namespace tapstat::bench
