/// One flow of the generated traffic: what it sends and when, planned a few packets at a time.
///
/// A flow opens, makes exchanges (request, then the answer in rounds of at most kRoundSegments
/// segments, each acknowledged by the receiver), and closes. Segments of a round may be lost before
/// or after the observation point, or arrive swapped.
#pragma once

#include <array>
#include <cstdint>

#include "bench/random.h"
#include "bench/traffic_frame.h"

namespace tapstat::bench {

/// How flows look. Probabilities in millionths.
struct FlowShape {
  uint32_t ipv6 = 100'000, udp = 100'000, vlan = 0;
  uint32_t loss = 5'000, reordering = 1'000;
  uint32_t lone_syn = 10'000, refused = 10'000, reset = 30'000;
  uint32_t exchanges_max = 3;
  uint32_t segments_fixed = 0;  // full segments of a flow; 0 = drawn from a long-tailed table
  uint32_t think_us_max = 200'000;
};

enum class FlowKind : uint8_t {
  tcp,
  tcp_lone_syn,
  tcp_refused,
  tcp_reset,
  udp_question,
  udp_stream
};
enum class FlowState : uint8_t { unused, before_first_packet, open, closed };

class TrafficFlow {
 public:
  TrafficFlow() : random_(0) {}
  /// Flow number `index` of the capture: no two numbers share addresses and ports.
  TrafficFlow(const FlowShape& shape, uint64_t index, uint64_t seed, int64_t start_us);

  [[nodiscard]] const FlowIdentity& identity() const { return identity_; }
  [[nodiscard]] FlowKind kind() const { return kind_; }
  [[nodiscard]] FlowState state() const { return state_; }
  [[nodiscard]] int64_t next_time_us() const { return plan_start_us_ + plan_[sent_].delay_us; }
  /// Valid until sent().
  [[nodiscard]] const PlannedPacket& next() const { return plan_[sent_]; }
  /// Goes on to the following packet, planning it if need be. False when the flow has ended;
  /// state() is then closed if it closed itself, open if it just fell silent.
  [[nodiscard]] bool sent(const FlowShape& shape);

 private:
  static constexpr size_t kRoundSegments = 6;
  static constexpr size_t kPlanMax = 4 * kRoundSegments + 2;
  enum class Phase : uint8_t { opening, request, round, closing, over };
  struct Round;

  void choose_identity(const FlowShape& shape, uint64_t index);
  void start_plan(uint32_t pause_us);
  PlannedPacket& plan(uint32_t delay_us, uint8_t side, uint8_t flags, uint16_t payload);
  void plan_opening(const FlowShape& shape);
  void plan_request(const FlowShape& shape);
  void plan_round(const FlowShape& shape);
  void plan_arrivals(Round& round);
  void plan_repairs(Round& round);
  void plan_closing(const FlowShape& shape);
  void plan_udp(const FlowShape& shape);
  void sort_plan();

  FlowIdentity identity_;
  Random random_;
  int64_t plan_start_us_ = 0;
  std::array<PlannedPacket, kPlanMax> plan_{};
  uint8_t planned_ = 0, sent_ = 0;
  FlowKind kind_ = FlowKind::tcp;
  FlowState state_ = FlowState::unused;
  Phase phase_ = Phase::opening;
  uint8_t sender_ = 1;  // side that sends the bulk of the data
  uint8_t exchanges_left_ = 0;
  uint16_t segments_left_ = 0, segments_of_exchange_ = 0;
  uint16_t first_ip_id_ = 0, ip_ids_used_ = 0;
  std::array<uint32_t, 2> next_offset_{};    // relative to the ISN
  std::array<uint32_t, 2> round_trip_us_{};  // observation point -> side -> observation point
};

}  // namespace tapstat::bench
