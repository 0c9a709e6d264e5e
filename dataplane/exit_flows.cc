#include "dataplane/exit_flows.h"

#include <array>
#include <limits>
#include <new>

#include "flowstats/exit/exit_flow_usual.h"

namespace tapstat::dataplane {

using flowstats::Counter;
using flowstats::Direction;
using flowstats::Duration;
using flowstats::ExitFlow;
using flowstats::ExitRecord;
using flowstats::kNoEntry;
using flowstats::Segment;
using flowstats::Timestamp;

ExitFlows::ExitFlows(const flowstats::Measurement& measurement,
                     const flowstats::NetworkList& internal, uint32_t flows_max, ShardPlace shard,
                     RecordOutlet& outlet)
    : measurement_(measurement),
      settings_(measurement.exit_records),
      internal_(internal),
      outlet_(outlet),
      shard_(shard),
      places_(flows_max),
      holders_(settings_.connections_max),
      flows_(settings_.connections_max),
      segments_(settings_.segments_max),
      table_(settings_.connections_max),
      wheel_(settings_.connections_max) {}

size_t ExitFlows::bytes() const {
  return places_.bytes() + holders_.bytes() + flows_.bytes() + segments_.bytes() + table_.bytes() +
         wheel_.bytes();
}

void ExitFlows::touch() {
  places_.touch();
  holders_.touch();
  flows_.touch();
  table_.touch();
  wheel_.touch();
}

/// A multiple of the number of workers apart, so that no two workers give the same.
uint32_t ExitFlows::next_cid() {
  constexpr uint32_t kCidMax = 0x7fffffff;
  connections_ = connections_ >= kCidMax / shard_.count - 1 ? 1 : connections_ + 1;
  return connections_ * shard_.count + shard_.index;
}

uint64_t ExitFlows::hash_of(uint32_t place) const {
  return hash_tuple(flows_[place].tuple(), measurement_.hash_seed);
}

uint32_t ExitFlows::find(const Segment& segment) const {
  if (table_.size() == 0) return kNoEntry;
  return table_.find(segment.hash,
                     [&](uint32_t place) { return flows_[place].tuple() == segment.tuple; });
}

/// How long the connection is silent before it ends.
Duration ExitFlows::patience_with(const ExitFlow& flow) const {
  if (flow.is_over()) return settings_.linger;
  return flow.is_half_closed() ? settings_.half_closed_idle_max : settings_.idle_max;
}

/// Ends the connection when the packet begins another one or comes after its time.
bool ExitFlows::ends_before(uint32_t place, const Segment& segment) {
  const Timestamp deadline = due(flows_[place]);
  if (segment.clock > deadline)
    end_overdue(place, deadline);
  else if (flows_[place].is_replaced_by(segment))
    end(place, End::replaced, segment.clock);
  else
    return false;
  return true;
}

void ExitFlows::open(ExitFlow& flow, const Segment& first) {
  outlet_.counters.add(Counter::exit_connections_opened);
  const flowstats::FiveTuple& tuple = first.tuple;
  flow.open(first,
            {internal_.contains(tuple.ip_version, tuple.a_address),
             internal_.contains(tuple.ip_version, tuple.b_address)},
            next_cid());
}

void ExitFlows::begin(uint32_t entry, const Segment& first) {
  let_go(entry);  // the worker has, but could not say so
  uint32_t place = find(first);
  if (place != kNoEntry && ends_before(place, first)) place = kNoEntry;
  if (place != kNoEntry) {
    table_.erase(place, first.hash);
  } else {
    place = flows_.take();
    if (place == kNoEntry) return outlet_.counters.add(Counter::exit_connections_refused);
    open(*::new (static_cast<void*>(&flows_[place])) ExitFlow, first);
    wheel_.schedule(place, due(flows_[place]));
  }
  places_[entry] = place + 1;
  holders_[place] = entry + kFirst;
  apply_any(place, first);
}

/// A connection that is nearer to its end than before must not wait for its old timer: its record
/// would be late.
void ExitFlows::apply_any(uint32_t place, const Segment& segment) {
  ExitFlow& flow = flows_[place];
  const Duration before = patience_with(flow);
  flow.apply_any(segment, settings_, segments_);
  if (patience_with(flow) >= before) [[likely]]
    return;
  wheel_.cancel(place);
  wheel_.schedule(place, due(flow));
}

/// What is over lingers from its last packet on; until then nothing but silence and another
/// connection's SYN end it.
bool ExitFlows::follow(uint32_t place, const Segment& segment) {
  ExitFlow& flow = flows_[place];
  const flowstats::Duration silence = segment.clock - flow.last_clock();
  const bool is_rare = silence > settings_.linger || segment.has(flowstats::tcp_flag::kSyn);
  if (is_rare && ends_before(place, segment)) [[unlikely]]
    return false;
  if (!flow.apply_usual(segment, settings_, segments_)) apply_any(place, segment);
  return true;
}

[[gnu::noinline, gnu::cold]] void ExitFlows::begin_again(uint32_t entry, const Segment& segment) {
  if (!segment.has(flowstats::tcp_flag::kAck)) begin(entry, segment);
}

[[gnu::noinline]] void ExitFlows::let_go(uint32_t entry) {
  if (places_[entry] == kNone) return;
  const uint32_t place = places_[entry] - 1;
  places_[entry] = kNone;
  holders_[place] = kAlone;
  table_.insert(place, hash_of(place));
}

[[gnu::noinline]] void ExitFlows::on_stray(const Segment& segment) {
  if (const uint32_t place = find(segment); place != kNoEntry)
    static_cast<void>(follow(place, segment));
}

void ExitFlows::on_single(const Segment& syn) {
  ExitFlow flow;
  open(flow, syn);
  flow.on_segment(syn, settings_, segments_);
  close(flow, End::silent, syn.clock + settings_.linger);
  flow.release(segments_);
}

void ExitFlows::expire(Timestamp clock) {
  wheel_.advance(
      clock, std::numeric_limits<uint32_t>::max(),
      [&](uint32_t place) { flows_[place].prefetch(Direction::from_a, true); },
      [&](uint32_t place) { examine(place, clock); });
}

void ExitFlows::examine(uint32_t place, Timestamp clock) {
  const Timestamp deadline = due(flows_[place]);
  if (clock > deadline) return end_overdue(place, deadline);
  wheel_.cancel(place);
  wheel_.schedule(place, deadline);
}

void ExitFlows::end_overdue(uint32_t place, Timestamp deadline) {
  end(place, flows_[place].is_over() ? End::closed : End::silent, deadline);
}

void ExitFlows::end(uint32_t place, End why, Timestamp poll) {
  close(flows_[place], why, poll);
  release(place);
}

/// Scans and what never opened leave no record; neither does what only fell silent.
void ExitFlows::close(const ExitFlow& flow, End why, Timestamp poll) {
  outlet_.counters.add(Counter::exit_connections_closed);
  if (!flow.is_complete() && !settings_.incomplete)
    return outlet_.counters.add(Counter::exit_connections_incomplete);
  const bool fell_silent = why == End::silent && flow.is_complete();
  const bool goes_on = why == End::stopped && !flow.is_over();
  if ((fell_silent && !settings_.expired) || (goes_on && !settings_.unfinished))
    return outlet_.counters.add(Counter::exit_connections_unfinished);
  hand_out(flow, ExitFlow::View::local, poll);
  const auto internal = flow.internal();
  if (!settings_.both_views || !internal[0] || !internal[1]) return;
  outlet_.counters.add(Counter::exit_views_exchanged);
  hand_out(flow, ExitFlow::View::exchanged, poll);
}

void ExitFlows::hand_out(const ExitFlow& flow, ExitFlow::View view, Timestamp poll) {
  auto* record =
      outlet_.make<ExitRecord>(flowstats::RecordKind::exit, 0, Counter::exit_records_exported,
                               Counter::exit_records_dropped_queue_full);
  if (record == nullptr) return;
  flow.fill(*record, view, settings_);
  if (view == ExitFlow::View::exchanged) record->cid = next_cid();
  record->poll = poll;
}

void ExitFlows::release(uint32_t place) {
  const uint32_t holder = holders_[place];
  if (holder == kAlone)
    table_.erase(place, hash_of(place));
  else
    places_[holder - kFirst] = kNone;
  flows_[place].release(segments_);
  holders_[place] = kNone;
  wheel_.cancel(place);
  flows_.give_back(place);
}

void ExitFlows::finish(Timestamp clock) {
  for (uint32_t place = 0; place < flows_.untouched_from(); ++place) {
    if (holders_[place] == kNone) continue;
    const Timestamp deadline = due(flows_[place]);
    if (clock > deadline)
      end_overdue(place, deadline);
    else
      end(place, End::stopped, clock);
  }
  flows_.restart();
  wheel_.restart();
}

void ExitFlows::count_events() {
  if (segments_.exhausted() == segments_exhausted_) [[likely]]
    return;
  outlet_.counters.add(Counter::exit_segments_exhausted,
                       segments_.exhausted() - segments_exhausted_);
  segments_exhausted_ = segments_.exhausted();
}

}  // namespace tapstat::dataplane
