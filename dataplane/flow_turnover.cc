// How flows come and go: opening, promotion, eviction, time-outs and the end of a trace. Beside
// flow_shard.cc, which takes the packets.
#include <algorithm>

#include "dataplane/flow_shard.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::FlowEnd;
using flowstats::HalfOpenFlow;
using flowstats::kNoEntry;
using flowstats::Segment;
using flowstats::TcpFlow;
using flowstats::Timestamp;

namespace {

/// Flows examined by the timers for each burst; bounds the pause when a million expire at once.
constexpr uint32_t kTimerWorkPerBurst = 64;

void prefetch_whole_flow(const TcpFlow& flow) {
  const char* const first = reinterpret_cast<const char*>(&flow);
  for (size_t offset = 0; offset < sizeof flow; offset += 64) __builtin_prefetch(first + offset, 1);
}

}  // namespace

/// In tstat mode the sweep of the original comes first, and a table without a near free slot
/// refuses; in corrected mode somebody makes room.
[[gnu::noinline]] void FlowShard::open_flow(const Segment& syn) {
  if (!new_flows_.admits(syn.clock))
    return refuse(Counter::dropped_flow_rate, Counter::flows_refused_rate);
  uint32_t slot = kNoEntry;
  if (tstat_mode()) {
    sweep(syn.time);
    slot = slots_.take();
    if (slot == kNoEntry)
      return refuse(Counter::dropped_table_full, Counter::flows_refused_table_full);
  }
  counters_.add(Counter::flows_created);
  const bool waits = HalfOpenFlow::may_begin_with(syn);
  if (waits && nursery_.capacity() > 0 && !(tstat_mode() && nursery_.full()))
    return open_half_open(syn, slot);
  if (waits) make_room();
  const uint32_t entry = flows_.take();
  TAPSTAT_ASSERT(entry != kNoEntry);
  table_.insert(entry, syn.hash);
  if (const auto end = start(entry, syn, slot)) close(entry, *end);
}

/// In a full nursery the one that waits longest gives way.
void FlowShard::open_half_open(const Segment& syn, uint32_t slot) {
  if (nursery_.full()) {
    counters_.add(Counter::flows_evicted);
    close_half_open(nursery_.oldest());
  }
  const uint32_t entry = nursery_.take(syn, slot);
  if (tstat_mode()) entry_of_slot_[slot] = entry;
  table_.insert(entry, syn.hash);
}

/// The second segment of a half-open flow is here: the flow gets a full entry.
[[gnu::noinline]] uint32_t FlowShard::promote(uint32_t half_open) {
  const Segment& syn = nursery_[half_open].opening;
  make_room();
  const uint32_t entry = flows_.take();
  TAPSTAT_ASSERT(entry != kNoEntry);
  table_.replace(half_open, entry, syn.hash);
  const auto end = start(entry, syn, nursery_.slot(half_open));
  TAPSTAT_ASSERT(!end);
  nursery_.give_back(half_open);
  return entry;
}

/// Begins the flow of a full entry with its first segment.
std::optional<FlowEnd> FlowShard::start(uint32_t entry, const Segment& syn, uint32_t slot) {
  TcpFlow& flow = flows_[entry];
  flow.open(syn, internal_);
  if (tstat_mode()) {
    entry_of_slot_[slot] = entry;
    slot_of_flow_[entry] = slot;
  } else {
    wheel_.schedule(entry, syn.clock + measurement_.timeouts.tcp_singleton);
  }
  if (duplicates_.enabled()) {
    duplicates_.forget(entry);
    static_cast<void>(duplicates_.is_copy(entry, syn));  // remembers it
  }
  payload_.begin(flow);
  const auto end = flow.update(syn, tracker_context_);
  if (TcpPayload::wants(flow, syn)) payload_.inspect(entry, flow, syn);
  if (exits_ != nullptr) exits_->begin(entry, syn);
  return end;
}

void FlowShard::refuse(Counter reason, Counter flows) {
  counters_.add(reason);
  counters_.add(flows);
  ++not_analysed_;
}

/// For one more full flow that will stay. In tstat mode there is an entry for each slot. The row of
/// the flow that goes is written as by a time-out.
void FlowShard::make_room() {
  if (tstat_mode() || flows_.in_use() < measurement_.limits.tcp_flows_max) return;
  const uint32_t victim = wheel_.choose_victim(
      [&](uint32_t entry) { return flows_[entry].deadline(measurement_.timeouts); });
  counters_.add(Counter::flows_evicted);
  close(victim, flows_[victim].end_by_timeout());
}

void FlowShard::close(uint32_t entry, FlowEnd end) {
  TcpFlow& flow = flows_[entry];
  const uint64_t hash = hash_tuple(flow.tuple, measurement_.hash_seed);
  if (intervals_.wanted()) intervals_.finish(entry, flow, hash);
  hand_out(entry, flow, end);
  payload_.end(entry);
  if (exits_ != nullptr) exits_->let_go(entry);
  flow.clear(tracker_context_);
  if (!tstat_mode()) wheel_.cancel(entry);
  unlist(entry, tstat_mode() ? slot_of_flow_[entry] : kNoEntry, hash);
  flows_.give_back(entry);
}

/// Its record is that of the flow which it would have become.
void FlowShard::close_half_open(uint32_t entry) {
  const HalfOpenFlow& half_open = nursery_[entry];
  TcpFlow flow;
  half_open.grow_into(flow, internal_, tracker_context_);
  if (intervals_.wanted()) intervals_.finish_alone(flow);
  hand_out(kNoEntry, flow, flow.end_by_timeout());
  flow.clear(tracker_context_);
  if (exits_ != nullptr) exits_->on_single(half_open.opening);
  unlist(entry, nursery_.slot(entry), half_open.opening.hash);
  nursery_.give_back(entry);
}

void FlowShard::hand_out(uint32_t entry, const TcpFlow& flow, FlowEnd end) {
  if (!flow.is_internal())
    counters_.add(Counter::flows_dropped_not_local);
  else
    payload_.hand_out(entry, flow, end);
}

void FlowShard::unlist(uint32_t entry, uint32_t slot, uint64_t hash) {
  recently_closed_.note(hash, outlet_.clock);
  table_.erase(entry, hash);
  if (tstat_mode()) slots_.give_back(slot);
}

void FlowShard::prefetch_slot(uint32_t slot) const {
  const uint32_t entry = entry_of_slot_[slot];
  if (Nursery::holds(entry))
    nursery_.prefetch(entry);
  else
    __builtin_prefetch(&flows_[entry]);
}

/// Tstat mode.
void FlowShard::close_if_idle(uint32_t slot, Timestamp now) {
  const uint32_t entry = entry_of_slot_[slot];
  if (Nursery::holds(entry)) {
    if (HalfOpenFlow::expired(nursery_[entry].opening.time, now, measurement_.timeouts))
      close_half_open(entry);
  } else if (const TcpFlow& flow = flows_[entry];
             flow.expired(flow.last(), now, measurement_.timeouts)) {
    close(entry, flow.end_by_timeout());
  }
}

void FlowShard::sweep(Timestamp now) {
  sweep_.run(now, [&](SweepRange classes) {
    slots_.for_each_used_in_classes(
        classes, [&](uint32_t slot) { prefetch_slot(slot); },
        [&](uint32_t slot) { close_if_idle(slot, now); });
    udp_flows_.examine(classes, now);
  });
}

/// Corrected mode: gives back what is overdue at `clock`, a bounded number of flows at a time.
void FlowShard::expire(Timestamp clock) {
  outlet_.clock = clock;
  udp_flows_.expire(clock);
  uint32_t work = kTimerWorkPerBurst;
  for (uint32_t oldest = nursery_.oldest();
       work > 0 && oldest != kNoEntry &&
       HalfOpenFlow::expired(nursery_[oldest].opening.clock, clock, measurement_.timeouts);
       oldest = nursery_.oldest(), --work)
    close_half_open(oldest);
  wheel_.advance(
      clock, work, [&](uint32_t entry) { prefetch_whole_flow(flows_[entry]); },
      [&](uint32_t entry) { examine(entry); });
}

/// The timer of a full flow came up.
void FlowShard::examine(uint32_t entry) {
  const TcpFlow& flow = flows_[entry];
  if (flow.expired(flow.last_clock, outlet_.clock, measurement_.timeouts))
    return close(entry, flow.end_by_timeout());
  wheel_.cancel(entry);
  wheel_.schedule(entry, flow.deadline(measurement_.timeouts));
}

void FlowShard::finish(Timestamp last_frame, uint32_t epoch) {
  outlet_.epoch = epoch;
  if (outlet_.clock == flowstats::kNever) outlet_.clock = last_frame;
  if (tstat_mode()) {
    slots_.for_each_used([&](uint32_t slot) { close_if_idle(slot, last_frame); });
    slots_.for_each_used([&](uint32_t slot) {
      const uint32_t entry = entry_of_slot_[slot];
      Nursery::holds(entry) ? close_half_open(entry) : close(entry, FlowEnd::not_complete);
    });
  } else {
    flows_.for_each_used([&](uint32_t entry) {
      const TcpFlow& flow = flows_[entry];
      if (flow.expired(flow.last_clock, last_frame, measurement_.timeouts))
        close(entry, flow.end_by_timeout());
    });
    flows_.for_each_used([&](uint32_t entry) { close(entry, FlowEnd::not_complete); });
    while (nursery_.oldest() != kNoEntry) close_half_open(nursery_.oldest());
  }
  udp_flows_.finish(last_frame);
  if (exits_ != nullptr) exits_->finish(std::max(outlet_.clock, last_frame));
  count_events();
  records_.publish(outlet_.clock);
  flows_.restart();
  slots_.restart();
  sweep_.restart();
  wheel_.restart();
}

}  // namespace tapstat::dataplane
