#include "flowstats/flow.h"

#include <algorithm>

namespace tapstat::flowstats {

namespace {

constexpr Duration kPortReuseQuiet = seconds(3);
constexpr uint8_t kWindowScaleMax = 14;  // RFC 7323 section 2.3

/// Tstat keeps SYN, FIN and RST counters in 8 bits, and its rules look at the wrapped value (golden
/// case syn_counter_wrap).
void count_flag(uint32_t& counter, Mode mode) {
  counter = mode == Mode::tstat ? (counter + 1) & 0xff : counter + 1;
}

template <class T>
void keep_extremes(T& largest, T& smallest_non_zero, T value) {
  if (value > largest) largest = value;
  if (value > 0 && (smallest_non_zero == 0 || value < smallest_non_zero)) smallest_non_zero = value;
}

void note_options(options::Half& o, const TcpOptions& seen, Mode mode) {
  if (seen.has(TcpOptions::kWindowScale)) {
    o.window_scale_seen = true;
    o.window_scale =
        mode == Mode::tstat ? seen.window_scale : std::min(seen.window_scale, kWindowScaleMax);
  }
  o.timestamps_seen |= seen.has(TcpOptions::kTimestamps);
  o.sack_permitted |= seen.has(TcpOptions::kSackPermitted);
  o.sack_segments += seen.has(TcpOptions::kSack);
  if (!seen.has(TcpOptions::kMss)) return;
  if (mode == Mode::corrected)
    o.mss = seen.mss;
  else if (seen.mss != 0xffff)  // Tstat's mark for "absent"
    o.mss = static_cast<int16_t>(seen.mss);
}

}  // namespace

/// One segment on its way through a flow: names for the two sides, and the steps.
struct TcpFlow::Update {
  TcpFlow& flow;
  const Segment& segment;
  TrackerContext& context;
  size_t sender, receiver;
  bool syn, fin, rst, ack;
  int32_t n;  // payload length
  uint64_t window = 0;
  bool fin_moved = false;
  SegmentVerdict verdict;

  TcpHalf& half() { return flow.halves[sender]; }
  TcpHalf& other_half() { return flow.halves[receiver]; }
  ConnectionHalf& connection() { return flow.connection[sender]; }
  ConnectionHalf& other_connection() { return flow.connection[receiver]; }
  [[nodiscard]] Mode mode() const { return context.mode; }

  void count_flags();
  [[nodiscard]] bool is_half_duplex();
  void scale_window();
  void note_handshake();
  void count_packet();
  void track();
  void note_windows_and_acks();
  void note_in_flight();
  void note_message();
  std::optional<FlowEnd> apply();
};

void TcpFlow::Update::count_flags() {
  core::Half& c = half().core;
  if (syn) count_flag(c.syns, mode());
  if (rst) count_flag(c.rsts, mode());
  if (!fin) return;
  count_flag(c.fins, mode());
  const uint32_t fin_seq = segment.seq + static_cast<uint32_t>(n);
  fin_moved = c.fins > 1 && fin_seq != connection().fin_seq;
  connection().fin_seq = fin_seq;
}

/// The client goes on although no SYN of the server was seen: only one direction passes the tap.
/// Tstat gives up here; corrected mode keeps measuring until the flow times out.
bool TcpFlow::Update::is_half_duplex() {
  return mode() == Mode::tstat && sender == 0 && !syn && n != 0 && other_half().core.syns == 0;
}

void TcpFlow::Update::scale_window() {
  if (!ack && !syn) return;
  window = segment.window;
  const options::Half& o = half().options;
  // Windows of the SYNs themselves are never scaled (RFC 7323 section 2.2): the scales are not
  // known yet.
  if (o.window_scale_seen && other_half().options.window_scale_seen)
    window <<= (o.window_scale & 63);
}

void TcpFlow::Update::note_handshake() {
  options::Half& o = half().options;
  if (syn) {
    if (half().core.syns > 1 && segment.seq != connection().isn) o.inconsistent_syn_or_fin = true;
    connection().isn = segment.seq;
    other_connection().last_ack = segment.seq;
  }
  if (fin_moved) o.inconsistent_syn_or_fin = true;
  note_options(o, segment.options, mode());
  options::Half& other = other_half().options;
  if (!syn && !(o.window_scale_seen && other.window_scale_seen))
    o.window_scale = other.window_scale = 0;
}

void TcpFlow::Update::count_packet() {
  core::Half& c = half().core;
  if (n > 0) {
    ++c.data_packets;
    c.bytes += static_cast<uint32_t>(n);
    options::Half& o = half().options;
    keep_extremes(o.payload_max, o.payload_min, static_cast<uint32_t>(n));
  }
  half().end_to_end.on_ttl(segment.ttl);
  ++c.packets;
}

/// Places the segment in its sequence space, then applies its acknowledgment to the other one: in
/// this order, so that a segment is judged by the round-trip times known before it.
void TcpFlow::Update::track() {
  core::Half& c = half().core;
  int64_t repeated = 0;  // without the byte of a repeated SYN or FIN
  if (syn || fin || n > 0) {
    const RetransmissionEvidence evidence{
        segment.time,         &half().end_to_end,           &other_half().end_to_end,
        segment.ip_id,        segment.ip_id_is_identifying, other_connection().window == 0,
        flow.both_syns_seen()};
    verdict = flow.trackers[sender].insert(context, segment.seq, n + syn + fin, evidence,
                                           half().options.classified);
    repeated = verdict.repeated_bytes;
    if (syn && c.syns > 1 && repeated > 0) --repeated;
    if (fin && c.fins > 1 && repeated > 0) --repeated;
    if (repeated < n) c.bytes_unique += static_cast<uint64_t>(n - repeated);
    c.packets_out_of_order += verdict.out_of_order;
  }
  if (ack) {
    if (const auto sample = flow.trackers[receiver].acknowledge(context, segment.ack, segment.time))
      other_half().end_to_end.on_sample(*sample);
  }
  if (verdict.repeated_bytes > 0) {
    ++c.packets_retransmitted;
    c.bytes_retransmitted += static_cast<uint32_t>(repeated);
  } else {
    connection().sent_end = segment.seq + static_cast<uint32_t>(n);
  }
}

void TcpFlow::Update::note_windows_and_acks() {
  core::Half& c = half().core;
  options::Half& o = half().options;
  if (ack || syn) {
    connection().window = static_cast<uint32_t>(window);
    if (window > o.window_max) o.window_max = static_cast<uint32_t>(window);
    if (window > 0 && (o.window_min == 0 || window < o.window_min))
      o.window_min = static_cast<uint32_t>(window);
  }
  if (ack) {
    if (window == 0) ++o.zero_windows;
    ++c.acks;
    if (n == 0 && !syn && !fin) ++c.pure_acks;
    connection().last_ack = segment.ack;
    if (segment.ack != other_connection().isn + 1) other_connection().data_acknowledged = true;
  }
  if (n > 0 && !connection().data_acknowledged && verdict.repeated_bytes <= 0)
    o.initial_window += static_cast<uint32_t>(n);
  if (ack && !syn && c.first_ack == kNever) c.first_ack = segment.time;
  if (n != 0) {
    if (c.first_data == kNever) c.first_data = segment.time;
    c.last_data = segment.time;
  }
}

/// Bytes sent and not yet acknowledged as the tap sees them, by the receiver's latest
/// acknowledgment.
void TcpFlow::Update::note_in_flight() {
  if (syn || verdict.out_of_order || verdict.repeated_bytes > 0) return;
  const uint32_t in_flight = segment.seq + static_cast<uint32_t>(n) - other_connection().last_ack;
  if (in_flight == 0 || in_flight >= 1u << 31) return;
  options::Half& o = half().options;
  keep_extremes(o.in_flight_max, o.in_flight_min, uint64_t{in_flight});
}

/// A message is what was sent between two pushes. Tstat compares plain integers: it stops counting
/// after the sequence wraps, and takes a size of minus one (a FIN in the place of the SYN) for a
/// large one.
void TcpFlow::Update::note_message() {
  if (!ack || !(fin || segment.has(tcp_flag::kPsh))) return;
  ConnectionHalf& c = connection();
  const uint32_t start = c.message_seen ? c.message_end : c.isn + 1;
  if (mode() == Mode::tstat) {
    if (c.message_end >= c.sent_end) return;
    half().layer7.pushed_messages += c.sent_end != (c.message_end == 0 ? c.isn + 1 : start);
  } else {
    if (c.message_seen && !seq_before(c.message_end, c.sent_end)) return;
    half().layer7.pushed_messages += seq_before(start, c.sent_end);
  }
  c.message_end = c.sent_end;
  c.message_seen = true;
}

std::optional<FlowEnd> TcpFlow::Update::apply() {
  count_flags();
  if (is_half_duplex()) return FlowEnd::not_complete;
  if (ack && other_half().core.fins > 0 &&
      acknowledges_fin(segment.ack, other_connection().fin_seq, mode()))
    other_connection().fin_acknowledged = true;
  scale_window();
  note_handshake();
  count_packet();
  track();
  if (rst) {
    half().core.acks += ack;
    return flow.end_by_timeout();
  }
  note_windows_and_acks();
  note_in_flight();
  note_message();
  if (connection().fin_acknowledged && other_connection().fin_acknowledged)
    return FlowEnd::complete;
  return std::nullopt;
}

void TcpFlow::open(const Segment& syn, const NetworkList& networks) {
  *this = TcpFlow{};
  tuple = syn.tuple;
  hash = syn.hash;
  client_direction = syn.direction;
  first = syn.time;
  for (size_t side = 0; side < 2; ++side) {
    const Direction d = side == 0 ? client_direction : opposite(client_direction);
    internal[side] = networks.contains(tuple.ip_version, tuple.sender(d).address);
  }
}

std::optional<FlowEnd> TcpFlow::update(const Segment& s, TrackerContext& context) {
  last = s.time;
  last_clock = s.clock;
  const size_t sender = s.direction == client_direction ? 0 : 1;
  return Update{*this,
                s,
                context,
                sender,
                1 - sender,
                s.has(tcp_flag::kSyn),
                s.has(tcp_flag::kFin),
                s.has(tcp_flag::kRst),
                s.has(tcp_flag::kAck),
                s.payload_length,
                0,
                false,
                {}}
      .apply();
}

bool TcpFlow::expired(Timestamp last_heard, Timestamp now, const FlowTimeouts& timeouts) const {
  const Duration idle = elapsed(last_heard, now);
  if (idle > timeouts.tcp_idle) return true;
  if (idle <= timeouts.tcp_singleton) return false;
  const core::Half &client = halves[0].core, &server = halves[1].core;
  return (client.syns > 0) != (server.syns > 0) &&
         client.packets + server.packets == client.syns + server.syns;
}

bool TcpFlow::is_port_reuse(const Segment& syn) const {
  const size_t sender = syn.direction == client_direction ? 0 : 1;
  if (halves[sender].core.syns == 0 || syn.seq == connection[sender].isn) return false;
  const bool closing = halves[0].core.fins > 0 || halves[1].core.fins > 0;
  return closing || elapsed(last_clock, syn.clock) > kPortReuseQuiet;
}

void TcpFlow::fill_record(TcpRecord& record, FlowEnd end) const {
  record.halves = halves;
  for (size_t side = 0; side < 2; ++side) {
    const Endpoint e = tuple.sender(side == 0 ? client_direction : opposite(client_direction));
    record.address[side] = e.address;
    record.port[side] = e.port;
    record.internal[side] = internal[side];
    record.encrypted[side] = false;
  }
  record.ip_version = tuple.ip_version;
  record.complete = end == FlowEnd::complete;
  record.first = first;
  record.last = last;
  record.p2p = {};
  record.layer7 = {};
}

}  // namespace tapstat::flowstats
