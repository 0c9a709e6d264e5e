#include "dataplane/flow_intervals.h"

namespace tapstat::dataplane {

using flowstats::RecordKind;
using flowstats::Segment;
using flowstats::Side;
using flowstats::TcpFlow;
using flowstats::TcpIntervalRecord;
using flowstats::TcpRecord;
using flowstats::UdpFlow;
using flowstats::UdpIntervalRecord;
namespace direction_flag = flowstats::direction_flag;

namespace {

/// All of the flow so far. The average holds a sum until two of them are subtracted.
TcpIntervalRecord::Half totals_of(const flowstats::TcpHalf& half) {
  const flowstats::core::Half& c = half.core;
  return {.packets = c.packets,
          .rsts = c.rsts,
          .acks = c.acks,
          .pure_acks = c.pure_acks,
          .bytes_unique = c.bytes_unique,
          .data_packets = c.data_packets,
          .bytes = c.bytes,
          .packets_retransmitted = c.packets_retransmitted,
          .bytes_retransmitted = c.bytes_retransmitted,
          .packets_out_of_order = c.packets_out_of_order,
          .syns = c.syns,
          .fins = c.fins,
          .rtt_average_ms = half.end_to_end.rtt_sum_us,
          .rtt_samples = half.end_to_end.rtt_samples,
          .sacks = half.options.sack_segments};
}

TcpIntervalRecord::Half difference(const TcpIntervalRecord::Half& now,
                                   const TcpIntervalRecord::Half& before) {
  TcpIntervalRecord::Half d = now;
  d.packets -= before.packets;
  d.rsts -= before.rsts;
  d.acks -= before.acks;
  d.pure_acks -= before.pure_acks;
  d.bytes_unique -= before.bytes_unique;
  d.data_packets -= before.data_packets;
  d.bytes -= before.bytes;
  d.packets_retransmitted -= before.packets_retransmitted;
  d.bytes_retransmitted -= before.bytes_retransmitted;
  d.packets_out_of_order -= before.packets_out_of_order;
  d.syns -= before.syns;
  d.fins -= before.fins;
  d.sacks -= before.sacks;
  d.rtt_samples -= before.rtt_samples;
  const double sum_us = now.rtt_average_ms - before.rtt_average_ms;
  d.rtt_average_ms = d.rtt_samples == 0 ? 0 : sum_us / static_cast<double>(d.rtt_samples) / 1000;
  return d;
}

/// The mark, begun anew when it is another flow's.
template <class Mark>
Mark& mark_for(Mark& mark, uint64_t hash, flowstats::Timestamp first) {
  if (!mark.is_of(hash, first)) {
    mark = {};
    mark.flow = hash;
    mark.flow_first = mark.start = first;
  }
  return mark;
}

}  // namespace

TcpIntervals::Mark& TcpIntervals::mark_of(uint32_t entry, const TcpFlow& flow, uint64_t hash) {
  return mark_for(marks_[entry], hash, flow.first);
}

void TcpIntervals::before(uint32_t entry, const TcpFlow& flow, const Segment& s) {
  Mark& mark = mark_of(entry, flow, s.hash);
  if (flowstats::elapsed(mark.start, s.time) <= interval_) return;
  hand_out(mark, flow);
  mark.start = s.time;
}

void TcpIntervals::after(uint32_t entry, const TcpFlow& flow, const Segment& s) {
  const auto d = static_cast<size_t>(s.direction);
  const uint32_t in_flight = flow.sender[d].sent_end - flow.last_ack[d ^ 1];
  if (s.payload_length > 0 && static_cast<int32_t>(in_flight) > 0)
    mark_of(entry, flow, s.hash).in_flight[d].note(in_flight);
}

void TcpIntervals::finish(uint32_t entry, const TcpFlow& flow, uint64_t hash) {
  Mark& mark = mark_of(entry, flow, hash);
  hand_out(mark, flow);
  mark.flow_first = flowstats::kNever;
}

void TcpIntervals::finish_alone(const TcpFlow& flow) {
  Mark mark;
  mark.start = flow.first;
  hand_out(mark, flow);
}

void TcpIntervals::hand_out(Mark& mark, const TcpFlow& flow) {
  if (!flow.is_internal()) return;
  TcpRecord now;
  flow.fill_record(now, flowstats::FlowEnd::not_complete);
  std::array<Half, 2> totals{};
  for (const Side side : {Side::client, Side::server})
    totals[static_cast<size_t>(side)] = totals_of(now.half(side));
  if (auto* record = outlet_.make_event<TcpIntervalRecord>(RecordKind::tcp_interval, 0)) {
    record->ends = {now.address, now.port, now.internal, {}, now.ip_version};
    record->flow_first = flow.first;
    record->start = mark.start;
    record->end = flow.last();
    for (size_t side = 0; side < 2; ++side) {
      const size_t d = flow.state.has(side, direction_flag::kIsClient) ? 0 : 1;
      record->halves[side] = difference(totals[side], mark.before[side]);
      record->halves[side].in_flight_min = mark.in_flight[d].min;
      record->halves[side].in_flight_max = mark.in_flight[d].max;
    }
  }
  mark.before = totals;
  mark.in_flight = {};
}

UdpIntervals::Mark& UdpIntervals::mark_of(uint32_t entry, const UdpFlow& flow) {
  return mark_for(marks_[entry], flow.hash, flow.first);
}

void UdpIntervals::before(uint32_t entry, const UdpFlow& flow, const Segment& datagram) {
  Mark& mark = mark_of(entry, flow);
  if (flowstats::elapsed(mark.start, datagram.time) <= interval_) return;
  hand_out(mark, flow);
  mark.start = datagram.time;
}

void UdpIntervals::finish(uint32_t entry, const UdpFlow& flow) {
  Mark& mark = mark_of(entry, flow);
  hand_out(mark, flow);
  mark.flow_first = flowstats::kNever;
}

void UdpIntervals::hand_out(Mark& mark, const UdpFlow& flow) {
  if (!flow.is_internal()) return;
  auto* record = outlet_.make_event<UdpIntervalRecord>(RecordKind::udp_interval, 0);
  if (record != nullptr) {
    record->ends = flow.ends();
    record->flow_first = flow.first;
    record->start = mark.start;
    record->end = flow.last();
  }
  for (size_t side = 0; side < 2; ++side) {
    const UdpFlow::Half& half = flow.halves[side];
    if (record != nullptr)
      record->halves[side] = {half.packets - mark.before[side].packets,
                              half.bytes - mark.before[side].bytes};
    mark.before[side] = {half.packets, half.bytes};
  }
}

}  // namespace tapstat::dataplane
