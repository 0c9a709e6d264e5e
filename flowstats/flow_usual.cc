#include "flowstats/flow_usual.h"

namespace tapstat::flowstats {

/// When a direction first acknowledged and first sent payload.
[[gnu::noinline]] void TcpFlow::note_firsts(const Segment& s, size_t d) {
  using namespace direction_flag;
  if (!state.has(d, kFirstAckSeen) && s.has(tcp_flag::kAck) && !s.has(tcp_flag::kSyn)) {
    state.set(d, kFirstAckSeen);
    sample[d].first_ack = s.time;
  }
  if (!state.has(d, kFirstDataSeen) && s.payload_length != 0) {
    state.set(d, kFirstDataSeen);
    sample[d].first_data = s.time;
  }
}

/// Tstat keeps SYN, FIN and RST counters in 8 bits, and its rules look at the wrapped value (golden
/// case syn_counter_wrap).
void TcpFlow::count_flag(uint32_t& counter, Mode mode) {
  counter = mode == Mode::tstat ? (counter + 1) & 0xff : counter + 1;
}

/// True when the FIN has another sequence number than the FINs before it.
bool TcpFlow::count_fin(const Segment& s, size_t d, Mode mode) {
  core::Cold& c = cold[d].core;
  count_flag(c.fins, mode);
  state.set(d, direction_flag::kFinSeen, c.fins > 0);
  const uint32_t fin_seq = s.seq + static_cast<uint32_t>(s.payload_length);
  const bool moved = c.fins > 1 && fin_seq != sequence[d].fin_seq;
  sequence[d].fin_seq = fin_seq;
  return moved;
}

/// A FIN in its place.
[[gnu::noinline]] void TcpFlow::note_fin(const Segment& s, size_t d, Mode mode) {
  if (count_fin(s, d, mode)) cold[d].options.inconsistent_syn_or_fin = true;
  if (s.payload_length == 0) ++cold[d].core.packets_without_payload;
}

/// A counter has just wrapped.
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
