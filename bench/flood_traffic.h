/// Packets that nobody wants: floods from random sources, one frame after the other.
///
/// A kind and a seed give the same frames on every machine. Sources are drawn from 11.0.0.0/8 with
/// any port, so nearly every frame of the kinds that open flows opens one; targets are in
/// 203.0.113.0/24. No address of bench/traffic.h is among them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "bench/random.h"
#include "bench/traffic_frame.h"

namespace tapstat::bench {

enum class FloodKind : uint8_t { syn, udp, flows, connections, ack, fragments, others, mixed };

struct FloodKindName {
  FloodKind kind{};
  std::string_view name, help;
};
[[nodiscard]] const std::vector<FloodKindName>& flood_kinds();

class FloodTraffic {
 public:
  FloodTraffic(FloodKind kind, uint64_t seed) : kind_(kind), random_(seed) {}

  /// Fills the whole frame and returns its length on the wire.
  size_t next(FrameBuffer& frame);

 private:
  [[nodiscard]] FlowIdentity stranger(bool udp);
  size_t lone_segment(uint8_t flags, FrameBuffer& frame);
  size_t datagram(FrameBuffer& frame);
  size_t handshake_step(FrameBuffer& frame);
  size_t later_fragment(FrameBuffer& frame);
  size_t other_frame(FrameBuffer& frame);

  FloodKind kind_;
  Random random_;
  FlowIdentity connection_;  // whose handshake is being sent
  uint8_t step_ = 0;         // of that handshake
};

}  // namespace tapstat::bench
