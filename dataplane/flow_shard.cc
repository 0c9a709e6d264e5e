#include "dataplane/flow_shard.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::FlowEnd;
using flowstats::kNoEntry;
using flowstats::Mode;
using flowstats::Segment;
using flowstats::TcpFlow;
using flowstats::Timestamp;
namespace tcp_flag = flowstats::tcp_flag;

namespace {
constexpr uint32_t kTimerWorkPerBurst =
    64;  // entries; bounds the pause when a million flows expire at once

bool opens_a_flow(const Segment& s) { return s.has(tcp_flag::kSyn) && !s.has(tcp_flag::kAck); }
}  // namespace

FlowShard::FlowShard(const flowstats::Measurement& measurement,
                     const flowstats::NetworkList& internal, RecordRing& records,
                     flowstats::CounterBlock& counters)
    : measurement_(measurement),
      internal_(internal),
      records_(records),
      counters_(counters),
      flows_(measurement.limits.tcp_flows_max),
      slots_(measurement.mode == Mode::tstat
                 ? SlotSet::with_cursor(measurement.limits.tcp_flows_max,
                                        measurement.limits.slot_search_max)
                 : SlotSet::last_in_first_out(measurement.limits.tcp_flows_max)),
      segment_records_(measurement.limits.segment_records_max),
      tracker_context_{segment_records_, measurement.mode,
                       measurement.limits.segments_per_quadrant_max},
      udp_pairs_(measurement.mode == Mode::tstat ? measurement.limits.udp_pairs_max : 1,
                 measurement.limits.slot_search_max),
      wheel_(flows_),
      duplicates_(measurement.limits.tcp_flows_max, measurement.duplicate_window) {}

size_t FlowShard::bytes() const {
  return flows_.bytes() + segment_records_.bytes() + udp_pairs_.bytes() + records_.bytes();
}

void FlowShard::process(std::span<const Segment> burst, uint32_t epoch) {
  if (burst.empty()) return;
  epoch_ = epoch;
  clock_ = burst.front().clock;
  if (!tstat_mode()) turn_wheel();
  for (const Segment& s : burst) flows_.prefetch(s.hash);
  for (const Segment& s : burst) flows_.prefetch_entry(s.hash);
  uint64_t tcp_segments = 0;
  for (const Segment& s : burst) {
    clock_ = s.clock;
    if (s.tuple.protocol == flowstats::kProtocolTcp) {
      ++tcp_segments;
      on_tcp(s);
    } else {
      on_udp(s);
    }
  }
  counters_.add(Counter::tcp_segments, tcp_segments);
  counters_.add(Counter::udp_datagrams, burst.size() - tcp_segments);
  count_tracker_events();
  records_.publish();
}

void FlowShard::on_udp(const Segment& datagram) {
  counters_.add(Counter::analysed_packets);
  if (tstat_mode()) udp_pairs_.note(datagram, [&] { sweep(datagram.time); });
}

/// Corrected mode: the flow in the table is over, although nobody said so, and the segment belongs
/// to another one.
bool FlowShard::must_make_way(const TcpFlow& flow, const Segment& s) const {
  if (tstat_mode()) return false;
  return flow.expired(flow.last_clock, s.clock, measurement_.timeouts) ||
         (opens_a_flow(s) && flow.is_port_reuse(s));
}

void FlowShard::on_tcp(const Segment& s) {
  if (s.malformed_offset) counters_.add(Counter::malformed_segments);
  uint32_t slot = flows_.find(s.tuple, s.hash);
  if (slot != kNoEntry && must_make_way(flows_[slot], s)) {
    close(slot, flows_[slot].end_by_timeout());
    slot = kNoEntry;
  }
  if (slot == kNoEntry) {
    if (!opens_a_flow(s)) {
      on_stray(s);
      return;
    }
    slot = open_flow(s);
    if (slot == kNoEntry) {
      counters_.add(Counter::dropped_table_full);
      counters_.add(Counter::flows_refused_table_full);
      return;
    }
  }
  if (duplicates_.enabled() && duplicates_.is_copy(slot, s)) {
    counters_.add(Counter::dropped_filtered);
    return;
  }
  counters_.add(Counter::analysed_packets);
  if (const auto end = flows_[slot].update(s, tracker_context_)) close(slot, *end);
}

/// No flow and none to open: the handshake is not in the capture, or the connection has been
/// closed.
void FlowShard::on_stray(const Segment& s) {
  counters_.add(Counter::analysed_packets);
  counters_.add(Counter::segments_without_flow);
  if (recently_closed_.contains(s.hash, s.clock)) counters_.add(Counter::segments_after_close);
}

uint32_t FlowShard::open_flow(const Segment& syn) {
  if (tstat_mode()) sweep(syn.time);
  const uint32_t slot = slots_.take();
  if (slot == kNoEntry) return kNoEntry;
  flows_[slot].open(syn, internal_);
  if (duplicates_.enabled()) duplicates_.forget(slot);
  flows_.insert(slot, syn.hash);
  if (!tstat_mode()) wheel_.schedule(slot, syn.clock + measurement_.timeouts.tcp_singleton);
  counters_.add(Counter::flows_created);
  return slot;
}

void FlowShard::sweep(Timestamp now) {
  sweep_.run(now, [&](uint32_t slot_class) {
    slots_.for_each_used_in_class(slot_class, [&](uint32_t slot) {
      const TcpFlow& flow = flows_[slot];
      if (flow.expired(flow.last, now, measurement_.timeouts)) close(slot, flow.end_by_timeout());
    });
    udp_pairs_.examine(slot_class, now, measurement_.timeouts);
  });
}

void FlowShard::turn_wheel() {
  wheel_.advance(clock_, kTimerWorkPerBurst, [&](uint32_t slot) {
    const TcpFlow& flow = flows_[slot];
    if (flow.expired(flow.last_clock, clock_, measurement_.timeouts)) {
      close(slot, flow.end_by_timeout());
      return;
    }
    wheel_.cancel(slot);
    const Timestamp singleton = flow.last_clock + measurement_.timeouts.tcp_singleton;
    wheel_.schedule(
        slot, singleton > clock_ ? singleton : flow.last_clock + measurement_.timeouts.tcp_idle);
  });
}

void FlowShard::close(uint32_t slot, FlowEnd end) {
  TcpFlow& flow = flows_[slot];
  if (!flow.internal[0] && !flow.internal[1]) {
    counters_.add(Counter::flows_dropped_not_local);
  } else if (flowstats::TcpRecord* record = records_.reserve()) {
    flow.fill_record(*record, end);
    record->epoch = epoch_;
    record->closed = clock_;
    counters_.add(Counter::flows_exported);
  } else {
    counters_.add(Counter::flows_dropped_queue_full);
  }
  flow.trackers[0].clear(tracker_context_);
  flow.trackers[1].clear(tracker_context_);
  if (!tstat_mode()) wheel_.cancel(slot);
  recently_closed_.note(flow.hash, clock_);
  flows_.erase(slot, flow.hash);
  slots_.give_back(slot);
}

void FlowShard::finish(Timestamp last_frame, uint32_t epoch) {
  epoch_ = epoch;
  if (clock_ == flowstats::kNever) clock_ = last_frame;
  slots_.for_each_used([&](uint32_t slot) {
    const TcpFlow& flow = flows_[slot];
    if (flow.expired(tstat_mode() ? flow.last : flow.last_clock, last_frame, measurement_.timeouts))
      close(slot, flow.end_by_timeout());
  });
  slots_.for_each_used([&](uint32_t slot) { close(slot, FlowEnd::not_complete); });
  count_tracker_events();
  records_.publish();
  slots_.restart();
  udp_pairs_.restart();
  sweep_.restart();
}

void FlowShard::count_tracker_events() {
  if (tracker_context_.records_merged == 0 && tracker_context_.records_exhausted == 0) return;
  counters_.add(Counter::segment_records_merged, tracker_context_.records_merged);
  counters_.add(Counter::segment_records_exhausted, tracker_context_.records_exhausted);
  tracker_context_.records_merged = tracker_context_.records_exhausted = 0;
}

}  // namespace tapstat::dataplane
