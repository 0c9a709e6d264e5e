#include "flowstats/flow_usual.h"

namespace tapstat::flowstats {

/// The first segments of a direction: when it first acknowledged and sent payload, and how much it
/// sent before its payload was acknowledged.
[[gnu::noinline]] void TcpFlow::note_firsts(const Segment& s, size_t d) {
  using namespace direction_flag;
  if (!state.has(d, kFirstAckSeen)) {
    state.set(d, kFirstAckSeen);
    sample[d].first_ack = s.time;
  }
  if (s.payload_length == 0) return;
  if (!state.has(d, kFirstDataSeen)) {
    state.set(d, kFirstDataSeen);
    sample[d].first_data = s.time;
  }
  if (!state.has(d, kDataAcknowledged))
    cold[d].options.initial_window += static_cast<uint32_t>(s.payload_length);
}

/// A FIN in its place; Tstat counts FINs in 8 bits (golden case syn_counter_wrap).
[[gnu::noinline]] void TcpFlow::note_fin(const Segment& s, size_t d, Mode mode) {
  core::Cold& c = cold[d].core;
  c.fins = mode == Mode::tstat ? (c.fins + 1) & 0xff : c.fins + 1;
  state.set(d, direction_flag::kFinSeen, c.fins > 0);
  const uint32_t fin_seq = s.seq + static_cast<uint32_t>(s.payload_length);
  if (c.fins > 1 && fin_seq != sequence[d].fin_seq) cold[d].options.inconsistent_syn_or_fin = true;
  sequence[d].fin_seq = fin_seq;
  if (s.payload_length == 0) ++c.packets_without_payload;
}

/// What few of the usual segments have; the counters have just wrapped.
[[gnu::noinline]] void TcpFlow::count_laps(size_t d, bool has_payload) {
  core::Cold& c = cold[d].core;
  if (sender[d].core.packets == 0) ++c.packets_laps;
  if (has_payload && sender[d].core.data_packets == 0) ++c.data_packets_laps;
}

std::optional<FlowEnd> TcpFlow::update(const Segment& segment, TrackerContext& context) {
  const Usual usual = apply_usual(segment, context);
  if (usual != Usual::no)
    return usual == Usual::closed ? std::optional(FlowEnd::complete) : std::nullopt;
  return apply_any(segment, context);
}

}  // namespace tapstat::flowstats
