#include "flowstats/flow.h"

#include <algorithm>

namespace tapstat::flowstats {

namespace {
constexpr Duration kPortReuseQuiet = seconds(3);
}

void TcpFlow::open(const Segment& syn, const NetworkList& networks) {
  *this = TcpFlow{};
  tuple = syn.tuple;
  base = TimeBase(syn.time);
  first = syn.time;
  state.set(static_cast<size_t>(syn.direction), direction_flag::kIsClient);
  for (const Direction from : {Direction::from_a, Direction::from_b})
    if (networks.contains(tuple.ip_version, tuple.sender(from).address))
      state.set(static_cast<size_t>(from), direction_flag::kIsInternal);
}

bool TcpFlow::expired(Timestamp last_heard, Timestamp now, const FlowTimeouts& timeouts) const {
  const Duration idle = elapsed(last_heard, now);
  return idle > timeouts.tcp_idle || (idle > timeouts.tcp_singleton && is_unanswered());
}

Timestamp TcpFlow::deadline(const FlowTimeouts& timeouts) const {
  return last_clock + (is_unanswered() ? std::min(timeouts.tcp_idle, timeouts.tcp_singleton)
                                       : timeouts.tcp_idle);
}

bool TcpFlow::is_unanswered() const {
  const auto packets = [this](size_t from) {
    return core::with_laps(sender[from].core.packets, cold[from].core.packets_laps);
  };
  return state.has(0, direction_flag::kSynSeen) != state.has(1, direction_flag::kSynSeen) &&
         packets(0) + packets(1) == uint64_t{cold[0].core.syns} + cold[1].core.syns;
}

bool TcpFlow::is_port_reuse(const Segment& syn) const {
  const auto d = static_cast<size_t>(syn.direction);
  if (!state.has(d, direction_flag::kSynSeen) || syn.seq == sequence[d].isn) return false;
  const bool closing = state.has_either(direction_flag::kFinSeen);
  return closing || elapsed(last_clock, syn.clock) > kPortReuseQuiet;
}

void TcpFlow::clear(TrackerContext& context) {
  for (SequenceLine& line : sequence) line.tracker.clear(context);
}

void TcpFlow::fill_record(TcpRecord& record, FlowEnd end) const {
  for (size_t side = 0; side < 2; ++side) {
    const size_t d = state.has(side, direction_flag::kIsClient) ? 0 : 1;
    TcpHalf& half = record.halves[side];
    half.core = join(sender[d].core, cold[d].core);
    half.core.rsts = state.has(d, direction_flag::kRstSeen) ? 1 : 0;
    half.core.first_data = sample[d].first_data;
    half.core.first_ack = sample[d].first_ack;
    half.end_to_end = {sample[d].round_trips, sender[d].hops};
    half.options = join(sender[d].options, cold[d].options);
    half.options.timestamps_seen = state.has(d, direction_flag::kTimestampsSeen);
    half.layer7.pushed_messages = sample[d].pushed_messages;
    const Endpoint e = tuple.sender(static_cast<Direction>(d));
    record.address[side] = e.address;
    record.port[side] = e.port;
    record.internal[side] = state.has(d, direction_flag::kIsInternal);
    record.encrypted[side] = false;
  }
  record.ip_version = tuple.ip_version;
  record.complete = end == FlowEnd::complete;
  record.first = first;
  record.last = last();
}

}  // namespace tapstat::flowstats
