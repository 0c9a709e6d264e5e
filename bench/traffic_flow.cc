#include "bench/traffic_flow.h"

#include <algorithm>

namespace tapstat::bench {
namespace {

constexpr uint32_t kQuickAcks = 250'000;  // millionths: segments acknowledged at once
constexpr uint32_t kSegmentGapUs = 60, kRetransmissionTimeoutUs = 250'000,
                   kSynTimeoutUs = 1'000'000;

/// Segments of a flow: many small ones, few large ones; mean 37.
uint16_t long_tailed_segments(Random& random) {
  const uint32_t draw = random.below(100);
  if (draw < 55) return static_cast<uint16_t>(random.between(2, 10));
  if (draw < 85) return static_cast<uint16_t>(random.between(10, 60));
  if (draw < 97) return static_cast<uint16_t>(random.between(60, 180));
  return static_cast<uint16_t>(random.between(150, 480));
}

FlowKind choose_kind(const FlowShape& shape, Random& random) {
  if (random.chance(shape.udp))
    return random.chance(700'000) ? FlowKind::udp_question : FlowKind::udp_stream;
  if (random.chance(shape.lone_syn)) return FlowKind::tcp_lone_syn;
  if (random.chance(shape.refused)) return FlowKind::tcp_refused;
  return random.chance(shape.reset) ? FlowKind::tcp_reset : FlowKind::tcp;
}

}  // namespace

/// One round in the making: which segments are sent, which of them the probe and the receiver get.
struct TrafficFlow::Round {
  uint32_t base = 0;  // sequence offset of the first segment
  size_t segments = 0;
  uint16_t size = 0;  // payload of each
  std::array<uint8_t, kRoundSegments> order{};
  std::array<bool, kRoundSegments> lost_before{}, lost_after{}, arrived{};
  uint32_t duplicate_acks = 0, last_ack_us = 0;

  [[nodiscard]] uint32_t offset(size_t segment) const {
    return base + static_cast<uint32_t>(segment) * size;
  }
  [[nodiscard]] size_t first_missing() const {
    return static_cast<size_t>(std::find(arrived.begin(), arrived.begin() + segments, false) -
                               arrived.begin());
  }
};

TrafficFlow::TrafficFlow(const FlowShape& shape, uint64_t index, uint64_t seed, int64_t start_us)
    : random_(seed ^ (index * 0xd1342543de82ef95ULL)), plan_start_us_(start_us) {
  kind_ = choose_kind(shape, random_);
  choose_identity(shape, index);
  exchanges_left_ = static_cast<uint8_t>(random_.between(1, shape.exchanges_max));
  const uint16_t segments = shape.segments_fixed != 0 ? static_cast<uint16_t>(shape.segments_fixed)
                                                      : long_tailed_segments(random_);
  segments_of_exchange_ =
      static_cast<uint16_t>((segments + exchanges_left_ - 1U) / exchanges_left_);
  sender_ = random_.chance(150'000) ? 0 : 1;
  first_ip_id_ = static_cast<uint16_t>(random_.below(65536));
  round_trip_us_ = {random_.between(500, 15'000), random_.between(4'000, 90'000)};
  state_ = FlowState::before_first_packet;
  start_plan(0);
  plan_opening(shape);
}

void TrafficFlow::choose_identity(const FlowShape& shape, uint64_t index) {
  constexpr uint64_t kClients = 1 << 18;
  const uint64_t client =
      (index * 0x9e3779b1ULL + 12345) % kClients;  // odd factor: a permutation of the clients
  const auto server = random_.below(4096);
  identity_.ipv6 = random_.chance(shape.ipv6);
  identity_.udp = kind_ == FlowKind::udp_question || kind_ == FlowKind::udp_stream;
  identity_.timestamps = random_.chance(600'000);
  if (random_.chance(shape.vlan)) identity_.vlan = 100;
  if (identity_.ipv6) {
    identity_.address_high = {0x20010db800010000ULL, 0x20010db800020000ULL};
    identity_.address_low = {client + 1, uint64_t{server} + 1};
  } else {
    identity_.address_low = {0x0a000001U + client,
                             0xc6120001U + server};  // 10.0.0.0/8 and 198.18.0.0/15 (RFC 2544)
  }
  identity_.port[0] = static_cast<uint16_t>(1024 + (index / kClients * 7 + client * 31) % 60'000);
  identity_.port[1] = identity_.udp ? 9998 : 9999;
  for (uint32_t& isn : identity_.isn)
    isn = (random_.below(4) << 30) + (1 << 20) + random_.below(1 << 28);
}

void TrafficFlow::start_plan(uint32_t pause_us) {
  if (planned_ > 0) plan_start_us_ += plan_[planned_ - 1U].delay_us + int64_t{pause_us};
  planned_ = sent_ = 0;
}

PlannedPacket& TrafficFlow::plan(uint32_t delay_us, uint8_t side, uint8_t flags, uint16_t payload) {
  PlannedPacket& packet = plan_[planned_++];
  packet = {};
  packet.delay_us = delay_us;
  packet.side = side;
  packet.flags = flags;
  packet.payload = payload;
  packet.seq_offset = next_offset_[side];
  packet.ack_offset = next_offset_[1U - side];
  packet.ip_id = static_cast<uint16_t>(first_ip_id_ + ip_ids_used_++);
  next_offset_[side] += payload + static_cast<uint32_t>((flags & (kSyn | kFin)) != 0);
  return packet;
}

void TrafficFlow::plan_opening(const FlowShape& shape) {
  if (identity_.udp) return plan_udp(shape);
  plan(0, 0, kSyn, 0);
  uint32_t answered = 0;
  if (kind_ == FlowKind::tcp_lone_syn ||
      random_.chance(shape.loss)) {  // the SYN or its answer was lost
    next_offset_[0] = 0;
    plan(kSynTimeoutUs, 0, kSyn, 0).repeats = true;
    answered = kSynTimeoutUs;
  }
  phase_ = Phase::over;
  if (kind_ == FlowKind::tcp_lone_syn) return;
  if (kind_ == FlowKind::tcp_refused) {
    plan(answered + round_trip_us_[1], 1, kRst | kAck, 0);
    return;
  }
  plan(answered + round_trip_us_[1], 1, kSyn | kAck, 0);
  plan(answered + round_trip_us_[1] + round_trip_us_[0], 0, kAck, 0);
  phase_ = Phase::request;
}

void TrafficFlow::plan_request(const FlowShape& shape) {
  start_plan(random_.between(100, shape.think_us_max));
  --exchanges_left_;
  segments_left_ = segments_of_exchange_;
  phase_ = Phase::round;
  plan(0, 1U - sender_, kAck | kPsh, static_cast<uint16_t>(random_.between(120, 900)));
  plan(round_trip_us_[sender_], sender_, kAck, 0);
}

void TrafficFlow::plan_round(const FlowShape& shape) {
  start_plan(round_trip_us_[sender_] / 4 + 20);
  Round round;
  round.base = next_offset_[sender_];
  round.segments = std::min<size_t>(segments_left_, random_.between(2, kRoundSegments));
  round.size = full_segment(identity_);
  if (segments_left_ == 1) round.size = static_cast<uint16_t>(random_.between(1, round.size));
  segments_left_ = static_cast<uint16_t>(segments_left_ - round.segments);
  for (size_t i = 0; i < round.segments; ++i) {
    round.order[i] = static_cast<uint8_t>(i);
    if (!random_.chance(shape.loss)) continue;
    (random_.chance(300'000) ? round.lost_before : round.lost_after)[i] = true;
  }
  for (size_t i = 0; i + 1 < round.segments; ++i)
    if (random_.chance(shape.reordering)) std::swap(round.order[i], round.order[i + 1]);
  plan_arrivals(round);
  sort_plan();
  plan_repairs(round);
  next_offset_[sender_] = round.offset(round.segments);
  if (segments_left_ == 0) phase_ = exchanges_left_ == 0 ? Phase::closing : Phase::request;
}

void TrafficFlow::plan_arrivals(Round& round) {
  const auto receiver = static_cast<uint8_t>(1 - sender_);
  uint32_t seen_up_to = 0;
  size_t unacknowledged = 0;
  for (size_t i = 0; i < round.segments; ++i) {
    const size_t segment = round.order[i];
    const auto sent_us = static_cast<uint32_t>(i) * kSegmentGapUs;
    const bool last = segment + 1 == round.segments && segments_left_ == 0;
    if (!round.lost_before[segment]) {
      PlannedPacket& data = plan(sent_us, sender_, last ? kAck | kPsh : kAck, round.size);
      data.seq_offset = round.offset(segment);
      data.out_of_order = data.seq_offset < seen_up_to;
      seen_up_to = std::max(seen_up_to, data.seq_offset + round.size);
    }
    if (round.lost_before[segment] || round.lost_after[segment]) continue;
    const size_t missing_before = round.first_missing();
    round.arrived[segment] = true;
    const bool in_order = segment == missing_before;
    const bool delayed = ++unacknowledged < 2 && !random_.chance(kQuickAcks);
    if (in_order && delayed && i + 1 < round.segments) continue;
    unacknowledged = 0;
    round.last_ack_us = sent_us + round_trip_us_[receiver];
    PlannedPacket& ack = plan(round.last_ack_us, receiver, kAck, 0);
    ack.ack_offset = round.offset(round.first_missing());
    if (in_order) continue;
    ++round.duplicate_acks;
    ack.sack_left = round.offset(segment);
    ack.sack_right = ack.sack_left + round.size;
  }
}

void TrafficFlow::plan_repairs(Round& round) {
  const auto receiver = static_cast<uint8_t>(1 - sender_);
  const uint32_t timeout =
      round.duplicate_acks >= 3 ? round_trip_us_[sender_] : kRetransmissionTimeoutUs;
  uint32_t now = round.last_ack_us + timeout;
  const auto later_segment_seen = [&](size_t segment) {
    for (size_t i = segment + 1; i < round.segments; ++i)
      if (!round.lost_before[i]) return true;
    return false;
  };
  if (planned_ > 0 && round.first_missing() == round.segments) {
    // The acknowledgment that was delayed may not have gone out.
    const bool all =
        std::any_of(plan_.begin(), plan_.begin() + planned_, [&](const PlannedPacket& p) {
          return p.side == receiver && p.ack_offset == round.offset(round.segments);
        });
    if (!all)
      plan(now - timeout + kRetransmissionTimeoutUs / 5, receiver, kAck, 0).ack_offset =
          round.offset(round.segments);
    return;
  }
  for (size_t segment = round.first_missing(); segment < round.segments;
       segment = round.first_missing()) {
    PlannedPacket& data = plan(now, sender_, kAck, round.size);
    data.seq_offset = round.offset(segment);
    data.repeats = !round.lost_before[segment];
    data.out_of_order = round.lost_before[segment] && later_segment_seen(segment);
    round.lost_before[segment] = false;
    round.arrived[segment] = true;
    plan(now + round_trip_us_[receiver], receiver, kAck, 0).ack_offset =
        round.offset(round.first_missing());
    now += round_trip_us_[receiver] + round_trip_us_[sender_];
  }
}

void TrafficFlow::plan_closing(const FlowShape& shape) {
  start_plan(random_.between(100, shape.think_us_max));
  phase_ = Phase::over;
  if (kind_ == FlowKind::tcp_reset) {
    plan(0, 0, kRst | kAck, 0);
    return;
  }
  const uint8_t closer = random_.chance(500'000) ? 0 : 1;
  const auto other = static_cast<uint8_t>(1 - closer);
  plan(0, closer, kFin | kAck, 0);
  plan(round_trip_us_[other], other, kFin | kAck, 0);
  plan(round_trip_us_[other] + round_trip_us_[closer], closer, kAck, 0);
}

void TrafficFlow::plan_udp(const FlowShape& shape) {
  phase_ = Phase::over;
  if (kind_ == FlowKind::udp_question) {
    plan(0, 0, 0, static_cast<uint16_t>(random_.between(30, 60)));
    plan(round_trip_us_[1], 1, 0, static_cast<uint16_t>(random_.between(60, 400)));
    return;
  }
  const uint32_t packets = shape.segments_fixed != 0 ? 8 : 24;
  for (uint32_t i = 0; i < packets; ++i)
    plan(i * 3'000, i % 4 == 0 ? 0 : 1, 0, static_cast<uint16_t>(i % 4 == 0 ? 80 : 1250));
}

void TrafficFlow::sort_plan() {
  std::stable_sort(
      plan_.begin(), plan_.begin() + planned_,
      [](const PlannedPacket& a, const PlannedPacket& b) { return a.delay_us < b.delay_us; });
}

bool TrafficFlow::sent(const FlowShape& shape) {
  state_ = FlowState::open;
  if (++sent_ < planned_) return true;
  switch (phase_) {
    case Phase::request: plan_request(shape); return true;
    case Phase::round: plan_round(shape); return true;
    case Phase::closing: plan_closing(shape); return true;
    case Phase::opening:
    case Phase::over: break;
  }
  if (kind_ != FlowKind::tcp_lone_syn && !identity_.udp) state_ = FlowState::closed;
  return false;
}

}  // namespace tapstat::bench
