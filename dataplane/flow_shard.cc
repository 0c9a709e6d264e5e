#include "dataplane/flow_shard.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "flowstats/flow_usual.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::FiveTuple;
using flowstats::kNoEntry;
using flowstats::Measurement;
using flowstats::Mode;
using flowstats::Segment;
using flowstats::TcpFlow;
using flowstats::Timestamp;
namespace tcp_flag = flowstats::tcp_flag;

namespace {

bool opens_a_flow(const Segment& s) { return s.has(tcp_flag::kSyn) && !s.has(tcp_flag::kAck); }
/// The key has no padding.
bool same_key(const FiveTuple& a, const FiveTuple& b) {
  return std::memcmp(&a, &b, sizeof(FiveTuple)) == 0;
}
bool is_tcp(const Segment& s) { return s.tuple.protocol == flowstats::kProtocolTcp; }

/// What only one of the modes needs takes no memory in the other.
uint32_t in_mode(const Measurement& m, Mode mode, uint32_t size) {
  return m.mode == mode ? size : 0;
}
/// Corrected mode: one more, for a flow that ends with its first segment.
uint32_t full_flows(const Measurement& m) {
  return m.limits.tcp_flows_max + in_mode(m, Mode::corrected, 1);
}
/// Tstat mode: among the full flows, which are as many as Tstat has slots.
uint32_t half_open_flows(const Measurement& m) {
  return m.mode == Mode::corrected ? m.limits.half_open_flows_max
                                   : std::min(m.limits.half_open_flows_max, m.limits.tcp_flows_max);
}

}  // namespace

FlowShard::FlowShard(const Measurement& measurement, const flowstats::NetworkList& internal,
                     RecordRing& records, flowstats::CounterBlock& counters, ExitFeed* exits)
    : measurement_(measurement),
      internal_(internal),
      records_(records),
      counters_(counters),
      outlet_{records, counters},
      table_(full_flows(measurement) +
             in_mode(measurement, Mode::corrected, half_open_flows(measurement))),
      flows_(full_flows(measurement)),
      nursery_(half_open_flows(measurement)),
      slots_(in_mode(measurement, Mode::tstat, measurement.limits.tcp_flows_max),
             measurement.limits.slot_search_max),
      entry_of_slot_(slots_.capacity()),
      slot_of_flow_(slots_.capacity()),
      new_flows_(measurement.limits.new_flows_per_s_max),
      udp_flows_(measurement, internal, new_flows_, outlet_),
      payload_(measurement, flows_.capacity(), outlet_),
      intervals_(flows_.capacity(), measurement.log_interval, outlet_),
      exits_(exits),
      wheel_(in_mode(measurement, Mode::corrected, flows_.capacity())),
      tracker_context_(measurement.limits, measurement.mode),
      duplicates_(flows_.capacity(), measurement.duplicate_window),
      shortest_timeout_(
          std::min(measurement.timeouts.tcp_idle, measurement.timeouts.tcp_singleton)) {}

size_t FlowShard::bytes() const {
  return table_.bytes() + flows_.bytes() + nursery_.bytes() + slots_.bytes() +
         entry_of_slot_.bytes() + slot_of_flow_.bytes() + udp_flows_.bytes() + payload_.bytes() +
         intervals_.bytes() + wheel_.bytes() + tracker_context_.bytes() + duplicates_.bytes() +
         recently_closed_.bytes() + records_.bytes();
}

FlowShard::Use FlowShard::use() const {
  return {table_.capacity(), table_.size_max(), nursery_.size_max(), table_.load_max(),
          table_.probe_max()};
}

void FlowShard::touch() {
  table_.touch();
  flows_.touch();
  entry_of_slot_.touch();
  slot_of_flow_.touch();
  udp_flows_.touch();
  wheel_.touch();
  duplicates_.touch();
  recently_closed_.touch();
  records_.touch();
  // Neither the nursery nor the trackers' pools: few flows at a time are in them as a rule, and
  // always on the same few pages.
}

void FlowShard::process(std::span<const Segment> burst, uint32_t epoch) {
  outlet_.epoch = epoch;
  while (!burst.empty()) {
    const auto together = burst.first(std::min(burst.size(), kBurst));
    process_together(together);
    burst = burst.subspan(together.size());
  }
}

void FlowShard::prefetch_buckets(std::span<const Segment> burst) const {
  for (const Segment& s : burst) {
    if (is_tcp(s))
      table_.prefetch(s.hash);
    else
      udp_flows_.prefetch(s.hash);
  }
}

void FlowShard::find_candidates(std::span<const Segment> burst, uint32_t* candidates) const {
  for (const Segment& s : burst) {
    uint32_t& candidate = *candidates++;
    candidate = kNoEntry;
    if (!is_tcp(s)) {
      udp_flows_.prefetch_flow(s.hash);
      continue;
    }
    candidate = table_.candidate(s.hash);
    if (candidate == kNoEntry) continue;
    if (Nursery::holds(candidate))
      nursery_.prefetch(candidate);
    else
      flows_[candidate].prefetch(s.direction, s.payload_length > 0);
  }
}

/// A free entry has no segment's key, so this is true only for the flow that the entry holds now,
/// even when the entry was looked up earlier in the burst.
bool FlowShard::is_entry_of(uint32_t entry, const FiveTuple& tuple) const {
  return same_key(Nursery::holds(entry) ? nursery_[entry].opening.tuple : flows_[entry].tuple,
                  tuple);
}

/// Corrected mode: the flow in the table is over, although nobody said so, and the segment belongs
/// to another one.
bool FlowShard::must_make_way(const TcpFlow& flow, const Segment& s) const {
  if (tstat_mode()) return false;
  return flow.expired(flow.last_clock, s.clock, measurement_.timeouts) ||
         (opens_a_flow(s) && flow.is_port_reuse(s));
}

/// Segments that are looked up together, and those among them that the thread for exit records has
/// not heard of yet: these took the short way.
struct FlowShard::Together {
  explicit Together(std::span<const Segment> burst) : segments(burst) {}
  [[nodiscard]] size_t place_of(const Segment& s) const {
    return static_cast<size_t>(&s - segments.data());
  }

  const std::span<const Segment> segments;
  std::array<uint32_t, kBurst> candidates;
  size_t told = 0;
};

/// Tells of those in front of the i-th; the i-th is told otherwise, or not at all.
[[gnu::noinline]] void FlowShard::tell_before(size_t i, Together& together) {
  const size_t told = std::exchange(together.told, i + 1);
  if (told < i)
    exits_->on_usual(together.segments.subspan(told, i - told), &together.candidates[told]);
}

/// Nearly every segment: its flow is the candidate, has a full entry and goes on, and the segment
/// is a usual one.
[[gnu::always_inline]] inline void FlowShard::on_tcp(const Segment& s, uint32_t candidate,
                                                     Together& together) {
  if (s.malformed_offset) [[unlikely]]
    counters_.add(Counter::malformed_segments);
  if (Nursery::holds(candidate)) return on_rare_tcp(s, together);
  TcpFlow& flow = flows_[candidate];
  if (!same_key(flow.tuple, s.tuple) || duplicates_.enabled() || intervals_.wanted()) [[unlikely]]
    return on_rare_tcp(s, together);
  if (s.clock - flow.last_clock > shortest_timeout_ && must_make_way(flow, s)) [[unlikely]]
    return on_rare_tcp(s, together);
  const bool is_wanted = TcpPayload::wants(flow, s);
  if (is_wanted) payload_.prefetch(candidate);
  const TcpFlow::Usual done = flow.apply_usual(s, tracker_context_);
  if (done == TcpFlow::Usual::no) return on_rare_tcp(s, together);
  if (is_wanted) payload_.inspect(candidate, flow, s);
  if (done == TcpFlow::Usual::closed) on_closed(s, together);
}

/// One pass for each thing to wait for: memory is on its way for all segments before the first of
/// them needs it. The last pass goes in order, and each segment sees what those before it did.
void FlowShard::process_together(std::span<const Segment> burst) {
  Together together(burst);
  prefetch_buckets(burst);
  if (!tstat_mode()) expire(burst.front().clock);
  if (exits_ != nullptr) exits_->tell_clock(burst.front().clock);
  find_candidates(burst, together.candidates.data());
  uint64_t tcp_segments = 0;
  for (size_t i = 0; i < burst.size(); ++i) {
    const Segment& s = burst[i];
    outlet_.clock = s.clock;
    if (is_tcp(s)) {
      ++tcp_segments;
      on_tcp(s, together.candidates[i], together);
    } else {
      on_udp(s, together);
    }
  }
  if (exits_ != nullptr) tell_before(burst.size(), together);
  counters_.add(Counter::tcp_segments, tcp_segments);
  counters_.add(Counter::udp_datagrams, burst.size() - tcp_segments);
  counters_.add(Counter::analysed_packets, burst.size() - not_analysed_);
  not_analysed_ = 0;
  count_events();
  records_.publish(outlet_.clock);
  if (exits_ != nullptr) exits_->publish_bulk();
}

void FlowShard::on_udp(const Segment& datagram, Together& together) {
  if (exits_ != nullptr) tell_before(together.place_of(datagram), together);
  if (!udp_flows_.add(datagram, [&] { sweep(datagram.time); })) ++not_analysed_;
}

[[gnu::noinline]] void FlowShard::on_closed(const Segment& s, Together& together) {
  const size_t i = together.place_of(s);
  if (exits_ != nullptr) {
    tell_before(i, together);
    exits_->on_usual(together.segments.subspan(i, 1), &together.candidates[i]);
  }
  close(together.candidates[i], flowstats::FlowEnd::complete);
}

void FlowShard::pass_time(Timestamp clock, uint32_t epoch) {
  outlet_.epoch = epoch;
  if (!tstat_mode() && clock > outlet_.clock) expire(clock);
  count_events();
  records_.publish(clock);
  if (exits_ != nullptr) exits_->advance(clock);
}

/// Any segment.
[[gnu::noinline]] void FlowShard::on_rare_tcp(const Segment& s, Together& together) {
  if (exits_ != nullptr) tell_before(together.place_of(s), together);
  uint32_t entry = table_.find(s.hash, [&](uint32_t e) { return is_entry_of(e, s.tuple); });
  if (entry != kNoEntry && Nursery::holds(entry)) entry = promote(entry);
  if (entry != kNoEntry && must_make_way(flows_[entry], s)) {
    close(entry, flows_[entry].end_by_timeout());
    entry = kNoEntry;
  }
  if (entry != kNoEntry)
    update(entry, s);
  else if (opens_a_flow(s))
    open_flow(s);
  else
    on_stray(s);
}

void FlowShard::update(uint32_t entry, const Segment& s) {
  if (duplicates_.enabled() && duplicates_.is_copy(entry, s)) {
    counters_.add(Counter::dropped_filtered);
    ++not_analysed_;
    return;
  }
  TcpFlow& flow = flows_[entry];
  if (intervals_.wanted()) intervals_.before(entry, flow, s);
  const auto end = flow.apply_any(s, tracker_context_);
  if (intervals_.wanted()) intervals_.after(entry, flow, s);
  // Tstat gives a flow up before it looks at the segment that shows it to be half-duplex.
  const bool given_up = end == flowstats::FlowEnd::not_complete && !s.has(tcp_flag::kRst);
  if (!given_up && TcpPayload::wants(flow, s)) payload_.inspect(entry, flow, s);
  if (exits_ != nullptr) exits_->on_segment(entry, s);
  if (end) close(entry, *end);
}

/// No flow and none to open: the handshake is not in the capture, or the connection has been
/// closed.
void FlowShard::on_stray(const Segment& s) {
  counters_.add(Counter::segments_without_flow);
  if (recently_closed_.contains(s.hash, s.clock)) counters_.add(Counter::segments_after_close);
  if (exits_ != nullptr) exits_->on_stray(s);
}

void FlowShard::count_events() {
  payload_.count_events();
  udp_flows_.count_events();
  flowstats::TrackerContext& c = tracker_context_;
  if ((c.trackers_taken | c.trackers_returned | c.records_merged | c.records_exhausted) == 0)
    return;
  counters_.add(Counter::trackers_taken, c.trackers_taken);
  counters_.add(Counter::trackers_returned, c.trackers_returned);
  counters_.add(Counter::segment_records_merged, c.records_merged);
  counters_.add(Counter::segment_records_exhausted, c.records_exhausted);
  c.trackers_taken = c.trackers_returned = c.records_merged = c.records_exhausted = 0;
}

}  // namespace tapstat::dataplane
