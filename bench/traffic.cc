#include "bench/traffic.h"

#include <algorithm>

#include <fmt/format.h>

namespace tapstat::bench {
namespace {

constexpr int64_t kStartUs = 1'600'000'000'000'000;  // 2020-09-13 12:26:40 UTC

std::vector<TrafficProfile> make_profiles() {
  FlowShape lossy;
  lossy.loss = 50'000;
  lossy.reordering = 20'000;
  FlowShape short_flows;
  short_flows.segments_fixed = 5;
  short_flows.exchanges_max = 1;
  FlowShape long_lived = short_flows;
  long_lived.segments_fixed = 8;
  long_lived.exchanges_max = 4;
  long_lived.think_us_max = 20'000'000;
  FlowShape mixed;
  mixed.ipv6 = 200'000;
  mixed.vlan = 60'000;
  mixed.loss = 15'000;
  mixed.reordering = 10'000;
  mixed.lone_syn = mixed.refused = mixed.reset = 50'000;
  return {
      {"isp_mix",
       "70 packets a TCP flow, 10 % IPv6, 10 % UDP, 0.5 % loss",
       20'000,
       10'000,
       0,
       128,
       0,
       1,
       {}},
      {"isp_mix_loss5", "the same with 5 % loss and 2 % reordering", 20'000, 10'000, 0, 128, 0, 1,
       lossy},
      {"setup_stress", "15 packets a flow, 200,000 flows open at the same time", 600'000, 200'000,
       0, 128, 0, 1, short_flows},
      {"concurrent", "500,000 flows open at the same time", 600'000, 500'000, 0, 128, 0, 1,
       long_lived},
      {"first", "a small capture with a bit of everything", 400, 60, 15'000, 128, 10'000, 7, mixed},
  };
}

}  // namespace

const std::vector<TrafficProfile>& profiles() {
  static const std::vector<TrafficProfile> all = make_profiles();
  return all;
}

const TrafficProfile* find_profile(std::string_view name) {
  const auto found = std::find_if(profiles().begin(), profiles().end(),
                                  [&](const TrafficProfile& p) { return p.name == name; });
  return found == profiles().end() ? nullptr : &*found;
}

TrafficGenerator::TrafficGenerator(const TrafficProfile& profile)
    : profile_(profile), random_(profile.seed) {
  const auto slots =
      static_cast<uint32_t>(std::min<uint64_t>(profile_.concurrency, profile_.flows));
  slots_.resize(slots);
  int64_t time_us = kStartUs;
  for (uint32_t slot = 0; slot < slots; ++slot) {
    open_flow(slot, time_us);
    time_us += random_.below(20);
  }
}

void TrafficGenerator::open_flow(uint32_t slot, int64_t time_us) {
  slots_[slot] = TrafficFlow(profile_.shape, flows_opened_++, profile_.seed, time_us);
  turns_.push({slots_[slot].next_time_us(), slot});
}

void TrafficGenerator::count(const TrafficFlow& flow, const PlannedPacket& packet) {
  const bool first = flow.state() == FlowState::before_first_packet;
  ++truth_.analysed_packets;
  if (flow.identity().udp) {
    ++truth_.udp_datagrams;
    truth_.udp_flows += first ? 1 : 0;
    return;
  }
  ++truth_.tcp_segments;
  truth_.tcp_flows += first ? 1 : 0;
  truth_.payload_bytes += packet.payload;
  if (packet.repeats) {
    ++truth_.retransmitted_packets;
    truth_.retransmitted_bytes += packet.payload;
  } else {
    truth_.unique_bytes += packet.payload;
  }
  truth_.out_of_order_packets += packet.out_of_order ? 1 : 0;
}

void TrafficGenerator::emit(TrafficPacket& packet, int64_t time_us, size_t wire_length) {
  packet.time_us = time_us;
  packet.frame = frame_.data();
  packet.wire_length = static_cast<uint32_t>(wire_length);
  packet.captured_length = packet.wire_length;
  if (profile_.snap_length != 0)
    packet.captured_length = std::min(packet.wire_length, profile_.snap_length);
  if (truth_.packets++ == 0) truth_.first_us = time_us;
  truth_.last_us = time_us;
  truth_.bytes_on_wire += packet.wire_length;
  truth_.bytes_captured += packet.captured_length;
}

bool TrafficGenerator::emit_odd_frame(TrafficPacket& packet, int64_t time_us) {
  if (!random_.chance(profile_.odd_frames)) return false;
  const auto kind = static_cast<OddFrame>(random_.below(static_cast<uint32_t>(OddFrame::count_)));
  switch (kind) {
    case OddFrame::arp: ++truth_.dropped_not_ip; break;
    case OddFrame::icmp_echo: ++truth_.dropped_not_tcp_udp; break;
    case OddFrame::bad_ip_version: ++truth_.dropped_bad_ip; break;
    case OddFrame::later_fragment: ++truth_.dropped_fragment_incomplete; break;
    case OddFrame::count_: break;
  }
  emit(packet, time_us, encode_odd_frame(kind, frame_));
  return true;
}

void TrafficGenerator::finish() {
  if (finished_) return;
  finished_ = true;
  for (const TrafficFlow& flow : slots_)
    if (flow.state() == FlowState::open && !flow.identity().udp) ++truth_.rows_nocomplete;
}

bool TrafficGenerator::next(TrafficPacket& packet) {
  if (turns_.empty() || (profile_.packets_max != 0 && truth_.packets >= profile_.packets_max)) {
    finish();
    return false;
  }
  const Turn turn = turns_.top();
  if (emit_odd_frame(packet, turn.time_us)) return true;
  turns_.pop();
  TrafficFlow& flow = slots_[turn.slot];
  count(flow, flow.next());
  emit(packet, turn.time_us, encode_frame(flow.identity(), flow.next(), turn.time_us, frame_));
  const FlowKind kind = flow.kind();
  if (flow.sent(profile_.shape)) {
    turns_.push({flow.next_time_us(), turn.slot});
    return true;
  }
  if (flow.state() == FlowState::closed)
    ++(kind == FlowKind::tcp_refused ? truth_.rows_nocomplete : truth_.rows_complete);
  else if (kind == FlowKind::tcp_lone_syn)
    ++truth_.rows_nocomplete;
  slots_[turn.slot] = TrafficFlow();
  if (flows_opened_ < profile_.flows)
    open_flow(turn.slot, turn.time_us + random_.between(100, 20'000));
  return true;
}

std::string to_json(const TrafficProfile& profile, const TrafficTruth& truth) {
  std::string json = fmt::format(
      "{{\n  \"profile\": \"{}\",\n  \"seed\": {},\n  \"snap_length\": {},\n  \"concurrency\": {}",
      profile.name, profile.seed, profile.snap_length, profile.concurrency);
  const auto add = [&](std::string_view name, auto value) {
    json += fmt::format(",\n  \"{}\": {}", name, value);
  };
  add("packets", truth.packets);
  add("bytes_on_wire", truth.bytes_on_wire);
  add("bytes_captured", truth.bytes_captured);
  add("analysed_packets", truth.analysed_packets);
  add("dropped_not_ip", truth.dropped_not_ip);
  add("dropped_not_tcp_udp", truth.dropped_not_tcp_udp);
  add("dropped_bad_ip", truth.dropped_bad_ip);
  add("dropped_fragment_incomplete", truth.dropped_fragment_incomplete);
  add("tcp_segments", truth.tcp_segments);
  add("udp_datagrams", truth.udp_datagrams);
  add("tcp_flows", truth.tcp_flows);
  add("udp_flows", truth.udp_flows);
  add("rows_complete", truth.rows_complete);
  add("rows_nocomplete", truth.rows_nocomplete);
  add("payload_bytes", truth.payload_bytes);
  add("unique_bytes", truth.unique_bytes);
  add("retransmitted_packets", truth.retransmitted_packets);
  add("retransmitted_bytes", truth.retransmitted_bytes);
  add("out_of_order_packets", truth.out_of_order_packets);
  add("first_us", truth.first_us);
  add("last_us", truth.last_us);
  return json + "\n}\n";
}

}  // namespace tapstat::bench
