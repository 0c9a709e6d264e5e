/// Traffic that says what it is, for the cost of classification: TLS, HTTP, QUIC and DNS with real
/// messages, and flows that no rule knows.
///
/// Flows follow scripts: an opening that each has once, then rounds of requests and bulk without
/// end. Messages are there to their last byte, of bulk the first kBulkCaptured bytes of payload.
/// The same packets on each run, but for the keys of the certificate.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bench/packet_path.h"
#include "bench/random.h"
#include "bench/traffic_frame.h"

namespace tapstat::bench {

enum class Layer7Mix : uint8_t {
  tls,    // of TLS 1.2 and 1.3, by halves
  mixed,  // of 20 flows 9 with TLS, 4 DNS, 3 QUIC, 2 HTTP, 2 unknown (TCP, UDP)
};

/// What one kind of flow sends.
struct FlowScript {
  struct Line {
    uint8_t side = 0, flags = 0;
    uint16_t length = 0;           // of the payload, bytes
    std::vector<uint8_t> payload;  // its captured part
  };
  bool udp = false;
  uint16_t server_port = 0;
  std::vector<Line> opening, round;  // without a round the flow falls silent behind its opening
};

/// Writes frames one behind the other into memory of its own.
class FrameStore {
 public:
  explicit FrameStore(size_t bytes_max) : bytes_(bytes_max) {}

  void clear() {
    used_ = 0;
    frames_.clear();
  }
  void add(const FlowIdentity& identity, const PlannedPacket& packet,
           std::span<const uint8_t> payload);
  [[nodiscard]] std::span<const FrameInMemory> frames() const { return frames_; }
  [[nodiscard]] bool has_room() const { return used_ + kFrameBytesMax <= bytes_.size(); }

 private:
  std::vector<uint8_t> bytes_;
  std::vector<FrameInMemory> frames_;
  size_t used_ = 0;
  FrameBuffer frame_{};
  int64_t time_us_ = 1'600'000'000'000'000;
};

class Layer7Traffic {
 public:
  static constexpr size_t kBlock = 2048, kBulkCaptured = 64;
  static constexpr uint32_t kFirstPackets = 10;

  Layer7Traffic(Layer7Mix mix, uint32_t flows);

  /// The first kFirstPackets packets of each flow, in as many calls as it takes; empty at the end.
  std::span<const FrameInMemory> open();
  /// Of flows drawn at random the next packet each. DNS has no more to say.
  std::span<const FrameInMemory> fill();
  /// Once: all flows from the first to the last packet, `concurrency` at the same time, those over
  /// TCP closed after `packets` packets.
  FrameStore whole(uint32_t concurrency, uint32_t packets);

 private:
  struct Flow {
    FlowIdentity identity;
    const FlowScript* script = nullptr;
    uint32_t packets = 0;
    std::array<uint32_t, 2> sent{};  // sequence numbers used
  };
  [[nodiscard]] static bool is_silent(const Flow& flow) {
    return flow.script->round.empty() && flow.packets >= flow.script->opening.size();
  }
  [[nodiscard]] static const FlowScript::Line& next_line(const Flow& flow);
  static void send(Flow& flow, const FlowScript::Line& line, FrameStore& to);
  [[nodiscard]] static bool send_next(Flow& flow, uint32_t packets, FrameStore& to);

  std::vector<std::unique_ptr<FlowScript>> scripts_;
  std::vector<Flow> flows_;
  std::vector<uint32_t> talking_;  // flows that have a round
  FrameStore block_;
  Random random_{42};
  size_t opened_ = 0;
};

/// The messages that flows open with, whole.
namespace message {
[[nodiscard]] std::vector<uint8_t> client_hello();
[[nodiscard]] std::vector<uint8_t> http_request();
[[nodiscard]] std::vector<uint8_t> http_response_head();
[[nodiscard]] std::vector<uint8_t> quic_initial();
[[nodiscard]] std::vector<uint8_t> dns_answer();
}  // namespace message

}  // namespace tapstat::bench
