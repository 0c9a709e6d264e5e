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
/// Flows of which the one that was silent longest has to go when the table is full.
constexpr uint32_t kEvictionChoice = 16;
/// A half-open flow that waits longer than this gives way before any full one: the first
/// retransmission of its SYN is overdue (RFC 6298 section 2).
constexpr flowstats::Duration kHandshakeGrace = flowstats::seconds(1);

void prefetch_whole_flow(const TcpFlow& flow) {
  const char* const first = reinterpret_cast<const char*>(&flow);
  for (size_t offset = 0; offset < sizeof flow; offset += 64) __builtin_prefetch(first + offset, 1);
}

}  // namespace

/// In tstat mode the sweep of the original comes first, and a table without a near free slot
/// refuses; in corrected mode somebody makes room.
[[gnu::noinline]] void FlowShard::open_flow(const Segment& syn) {
  uint32_t slot = kNoEntry;
  if (tstat_mode()) {
    sweep(syn.time);
    slot = slots_.take();
    if (slot == kNoEntry) return refuse();
  } else if (table_.size() == table_.capacity() && !evict_one()) {
    return refuse();
  }
  counters_.add(Counter::flows_created);
  if (HalfOpenFlow::may_begin_with(syn) && nursery_.capacity() > 0) {
    if (!tstat_mode() && nursery_.full()) {
      counters_.add(Counter::flows_evicted);
      close_half_open(nursery_.oldest());
    }
    if (!nursery_.full()) {
      const uint32_t entry = nursery_.take(syn, slot);
      if (tstat_mode()) entry_of_slot_[slot] = entry;
      table_.insert(entry, syn.hash);
      return;
    }
  }
  const uint32_t entry = flows_.take();
  TAPSTAT_ASSERT(entry != kNoEntry);  // as many entries as flows
  table_.insert(entry, syn.hash);
  if (const auto end = start(entry, syn, slot)) close(entry, *end);
}

/// The second segment of a half-open flow is here: the flow gets a full entry.
[[gnu::noinline]] uint32_t FlowShard::promote(uint32_t half_open) {
  const Segment& syn = nursery_[half_open].opening;
  const uint32_t entry = flows_.take();
  TAPSTAT_ASSERT(entry != kNoEntry);  // as many entries as flows
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
  if (exit_flows_.enabled()) exit_flows_.begin(entry, syn);
  return end;
}

void FlowShard::refuse() {
  counters_.add(Counter::dropped_table_full);
  counters_.add(Counter::flows_refused_table_full);
  ++not_analysed_;
}

/// Makes room in a full table. The row of the flow that goes is written as by a time-out.
[[gnu::noinline, gnu::cold]] bool FlowShard::evict_one() {
  const uint32_t half_open = nursery_.oldest();
  const bool overdue =
      half_open != kNoEntry && (nursery_.full() || elapsed(nursery_[half_open].opening.clock,
                                                           outlet_.clock) > kHandshakeGrace);
  const uint32_t full = overdue ? kNoEntry : longest_idle_near_by();
  if (full != kNoEntry)
    close(full, flows_[full].end_by_timeout());
  else if (half_open != kNoEntry)
    close_half_open(half_open);
  else
    return false;
  counters_.add(Counter::flows_evicted);
  return true;
}

/// Of the full flows whose timers come up next; kNoEntry when there is none.
uint32_t FlowShard::longest_idle_near_by() const {
  uint32_t longest = kNoEntry;
  wheel_.visit_next(kEvictionChoice, [&](uint32_t entry) {
    if (longest == kNoEntry || flows_[entry].last_clock < flows_[longest].last_clock)
      longest = entry;
  });
  return longest;
}

void FlowShard::close(uint32_t entry, FlowEnd end) {
  TcpFlow& flow = flows_[entry];
  const uint64_t hash = hash_tuple(flow.tuple, measurement_.hash_seed);
  if (intervals_.wanted()) intervals_.finish(entry, flow, hash);
  hand_out(entry, flow, end);
  payload_.end(entry);
  if (exit_flows_.enabled()) exit_flows_.let_go(entry);
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
  if (exit_flows_.enabled()) exit_flows_.on_single(half_open.opening);
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
  const Timestamp singleton = flow.last_clock + measurement_.timeouts.tcp_singleton;
  wheel_.schedule(entry, singleton > outlet_.clock
                             ? singleton
                             : flow.last_clock + measurement_.timeouts.tcp_idle);
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
  if (exit_flows_.enabled()) exit_flows_.finish(std::max(outlet_.clock, last_frame));
  count_events();
  records_.publish(outlet_.clock);
  flows_.restart();
  slots_.restart();
  sweep_.restart();
  wheel_.restart();
}

}  // namespace tapstat::dataplane
