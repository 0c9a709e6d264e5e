// The long way of a segment through its flow: every step, in the order of the original.
#include <algorithm>

#include "flowstats/flow_usual.h"

namespace tapstat::flowstats {

namespace {

constexpr uint8_t kWindowScaleMax = 14;  // RFC 7323 section 2.3

void note_options(options::Cold& o, const TcpOptions& seen, Mode mode) {
  if (seen.has(TcpOptions::kWindowScale)) {
    o.window_scale_seen = true;
    o.window_scale =
        mode == Mode::tstat ? seen.window_scale : std::min(seen.window_scale, kWindowScaleMax);
  }
  o.sack_permitted |= seen.has(TcpOptions::kSackPermitted);
  if (!seen.has(TcpOptions::kMss)) return;
  if (mode == Mode::corrected)
    o.mss = seen.mss;
  else if (seen.mss != 0xffff)  // Tstat's mark for "absent"
    o.mss = static_cast<int16_t>(seen.mss);
}

}  // namespace

/// A message is what was sent between two pushes. Tstat compares plain integers: it stops counting
/// after the sequence wraps, and takes a size of minus one (a FIN in the place of the SYN) for a
/// large one.
[[gnu::noinline]] void TcpFlow::note_message(size_t d, Mode mode) {
  SampleLine& s = sample[d];
  const uint32_t after_syn = sequence[d].isn + 1, sent_end = sender[d].sent_end;
  const bool seen = state.has(d, direction_flag::kMessageSeen);
  const uint32_t start = seen ? s.message_end : after_syn;
  if (mode == Mode::tstat) {
    if (s.message_end >= sent_end) return;
    s.pushed_messages += sent_end != (s.message_end == 0 ? after_syn : start);
  } else {
    if (seen && !seq_before(s.message_end, sent_end)) return;
    s.pushed_messages += seq_before(start, sent_end);
  }
  s.message_end = sent_end;
  state.set(d, direction_flag::kMessageSeen);
}

/// Scaling is on when both sides offered it; a side that speaks without a SYN settles it.
[[gnu::noinline]] void TcpFlow::settle_window_scales(bool syn) {
  options::Cold &a = cold[0].options, &b = cold[1].options;
  const bool both = a.window_scale_seen && b.window_scale_seen;
  if (!syn) {
    state.set(0, direction_flag::kScalingIsOpen, false);
    state.set(1, direction_flag::kScalingIsOpen, false);
    if (!both) a.window_scale = b.window_scale = 0;
  }
  sender[0].window_shift = both ? a.window_scale & 63 : 0;
  sender[1].window_shift = both ? b.window_scale & 63 : 0;
}

/// One segment on its way through a flow: names for the two sides, and the steps in Tstat's order.
/// What few segments need is out of line.
template <Mode kMode>
struct TcpFlow::Update {
  TcpFlow& flow;
  const Segment& segment;
  TrackerContext& context;
  const size_t d, other;  // direction of the segment, and the opposite one
  const bool syn, fin, rst, ack;
  const int32_t n;  // payload length
  Moment now;
  uint64_t window = 0;
  SegmentVerdict verdict;

  [[nodiscard]] SenderLine& sender() const { return flow.sender[d]; }
  [[nodiscard]] SequenceLine& sequence() const { return flow.sequence[d]; }
  [[nodiscard]] SampleLine& sample() const { return flow.sample[d]; }
  [[nodiscard]] ColdPart& cold() const { return flow.cold[d]; }
  [[nodiscard]] bool has(uint32_t flag) const { return flow.state.has(d, flag); }
  [[nodiscard]] bool other_has(uint32_t flag) const { return flow.state.has(other, flag); }
  void set(uint32_t flag, bool value = true) const { flow.state.set(d, flag, value); }
  void open_scaling() const {
    flow.state.set(0, direction_flag::kScalingIsOpen);
    flow.state.set(1, direction_flag::kScalingIsOpen);
  }

  void read_clock();
  [[gnu::noinline]] void move_base();
  [[gnu::noinline]] bool count_flags();
  [[nodiscard]] bool is_half_duplex() const;
  [[gnu::noinline]] void note_syn_or_moved_fin(bool fin_moved);
  [[gnu::noinline]] void note_rare_options();
  void note_options_seen();
  void count_packet();
  void place();
  [[gnu::noinline]] void judge();
  void note_window();
  std::optional<FlowEnd> apply();
};

template <Mode kMode>
void TcpFlow::Update<kMode>::read_clock() {
  flow.last_clock = segment.clock;
  flow.state.set_latest(d);
  sender().last = segment.time;
  now = flow.base.moment(segment.time);
  if (!now.near) [[unlikely]]
    move_base();
}

template <Mode kMode>
void TcpFlow::Update<kMode>::move_base() {
  const TimeBase before = flow.base, after(segment.time);
  for (const size_t direction : {0, 1})
    flow.sequence[direction].tracker.change_base(context, before, after,
                                                 flow.sender[1 - direction].acks);
  flow.base = after;
  now = after.moment(segment.time);
}

/// True when the segment is a FIN with another sequence number than the FINs before it.
template <Mode kMode>
bool TcpFlow::Update<kMode>::count_flags() {
  core::Cold& c = cold().core;
  if (syn) TcpFlow::count_flag(c.syns, kMode);
  set(direction_flag::kSynSeen, c.syns > 0);
  if (rst) set(direction_flag::kRstSeen);
  return fin && flow.count_fin(segment, d, kMode);
}

/// The client goes on although no SYN of the server was seen: only one direction passes the tap.
/// Tstat gives up here; corrected mode keeps measuring until the flow times out.
template <Mode kMode>
bool TcpFlow::Update<kMode>::is_half_duplex() const {
  return kMode == Mode::tstat && !other_has(direction_flag::kSynSeen) && n != 0 && !syn &&
         has(direction_flag::kIsClient);
}

template <Mode kMode>
void TcpFlow::Update<kMode>::note_syn_or_moved_fin(bool fin_moved) {
  options::Cold& o = cold().options;
  if (syn) {
    if (cold().core.syns > 1 && segment.seq != sequence().isn) o.inconsistent_syn_or_fin = true;
    sequence().isn = segment.seq;
    flow.last_ack[other] = segment.seq;
    flow.sender[other].acks.settled = 0;  // last_ack is not its acknowledgment any more
    open_scaling();
  }
  if (fin_moved) o.inconsistent_syn_or_fin = true;
}

template <Mode kMode>
void TcpFlow::Update<kMode>::note_rare_options() {
  note_options(cold().options, segment.options, kMode);
  cold().options.sack_segments += segment.options.has(TcpOptions::kSack);
  if (segment.options.has(TcpOptions::kWindowScale)) open_scaling();
}

template <Mode kMode>
void TcpFlow::Update<kMode>::note_options_seen() {
  const uint8_t seen = segment.options.seen;
  if ((seen & ~(TcpOptions::kTimestamps | TcpOptions::kPlain)) != 0) note_rare_options();
  if (segment.options.has(TcpOptions::kTimestamps)) set(direction_flag::kTimestampsSeen);
  if (has(direction_flag::kScalingIsOpen)) [[unlikely]]
    flow.settle_window_scales(syn);
}

template <Mode kMode>
void TcpFlow::Update<kMode>::count_packet() {
  flow.count_packet(segment, d);
  if (n <= 0 && (!ack || n < 0 || syn || fin || rst)) ++cold().core.packets_without_payload;
  if (!ack) ++cold().core.packets_without_ack;
}

/// Places the segment in its sequence space. The verdict on one that does not follow in order takes
/// the round-trip times known before it.
template <Mode kMode>
void TcpFlow::Update<kMode>::place() {
  const int32_t length = n + (syn ? 1 : 0) + (fin ? 1 : 0);
  if (syn || length <= 0 || !now.near ||
      !sequence().tracker.append(context, segment.seq, static_cast<uint32_t>(length), now.us,
                                 segment.ip_id))
    judge();
  if (verdict.repeated_bytes <= 0) sender().sent_end = segment.seq + static_cast<uint32_t>(n);
}

template <Mode kMode>
void TcpFlow::Update<kMode>::judge() {
  const RetransmissionEvidence evidence{segment.time,
                                        &flow.sample[d].round_trips,
                                        &flow.sample[other].round_trips,
                                        segment.ip_id,
                                        segment.ip_id_is_identifying,
                                        !other_has(direction_flag::kWindowIsOpen),
                                        flow.state.has_both(direction_flag::kSynSeen)};
  verdict = sequence().tracker.insert(context, flow.base, flow.sender[other].acks, segment.seq,
                                      n + (syn ? 1 : 0) + (fin ? 1 : 0), evidence,
                                      cold().options.classified);
  core::Cold& c = cold().core;
  c.packets_out_of_order += verdict.out_of_order ? 1 : 0;
  if (verdict.repeated_bytes == 0) return;
  int64_t repeated = verdict.repeated_bytes;  // without the byte of a repeated SYN or FIN
  if (syn && c.syns > 1 && repeated > 0) --repeated;
  if (fin && c.fins > 1 && repeated > 0) --repeated;
  if (n > 0) c.on_repeated(static_cast<uint32_t>(std::min<int64_t>(repeated, n)));
  if (verdict.repeated_bytes < 0) return;
  ++c.packets_retransmitted;
  c.bytes_retransmitted += static_cast<uint32_t>(repeated);
}

template <Mode kMode>
void TcpFlow::Update<kMode>::note_window() {
  set(direction_flag::kWindowIsOpen, static_cast<uint32_t>(window) != 0);
  sender().options.window.note(window);
  if (ack && window == 0) [[unlikely]]
    ++cold().options.zero_windows;
}

template <Mode kMode>
[[gnu::flatten]] std::optional<FlowEnd> TcpFlow::Update<kMode>::apply() {
  read_clock();
  const bool controls = syn || fin || rst;
  const bool fin_moved = controls && count_flags();
  if (is_half_duplex()) [[unlikely]]
    return FlowEnd::not_complete;
  if (ack && other_has(direction_flag::kFinSeen) &&
      acknowledges_fin(segment.ack, flow.sequence[other].fin_seq, kMode))
    flow.state.set(other, direction_flag::kFinAcknowledged);
  if (ack || syn) window = uint64_t{segment.window} << sender().window_shift;
  if (syn || fin_moved) note_syn_or_moved_fin(fin_moved);
  note_options_seen();
  count_packet();
  if (n > 0 || syn || fin)
    place();
  else
    sender().sent_end = segment.seq + static_cast<uint32_t>(n);
  if (ack) static_cast<void>(flow.apply_acknowledgment(segment, d, context, now));
  if (rst) [[unlikely]]
    return flow.end_by_timeout();
  if (ack || syn) note_window();
  if (ack) {
    flow.last_ack[d] = segment.ack;
    if (segment.ack != flow.sequence[other].isn + 1)
      flow.state.set(other, direction_flag::kDataAcknowledged);
  }
  if (n > 0 && !has(direction_flag::kDataAcknowledged) && verdict.repeated_bytes <= 0)
    cold().options.initial_window += static_cast<uint32_t>(n);
  if (!has(direction_flag::kFirstAckSeen) || !has(direction_flag::kFirstDataSeen))
    flow.note_firsts(segment, d);
  if (n != 0) sender().core.last_data = segment.time;
  if (!syn && !verdict.out_of_order && verdict.repeated_bytes <= 0) flow.note_in_flight(d);
  if (ack && (fin || segment.has(tcp_flag::kPsh))) flow.note_message(d, kMode);
  if (flow.state.has_both(direction_flag::kFinAcknowledged)) [[unlikely]]
    return FlowEnd::complete;
  return std::nullopt;
}

std::optional<FlowEnd> TcpFlow::apply_any(const Segment& segment, TrackerContext& context) {
  return context.mode == Mode::tstat ? update_as<Mode::tstat>(segment, context)
                                     : update_as<Mode::corrected>(segment, context);
}

template <Mode kMode>
std::optional<FlowEnd> TcpFlow::update_as(const Segment& s, TrackerContext& context) {
  const auto d = static_cast<size_t>(s.direction);
  return Update<kMode>{*this,
                       s,
                       context,
                       d,
                       1 - d,
                       s.has(tcp_flag::kSyn),
                       s.has(tcp_flag::kFin),
                       s.has(tcp_flag::kRst),
                       s.has(tcp_flag::kAck),
                       s.payload_length,
                       {},
                       0,
                       {}}
      .apply();
}
template std::optional<FlowEnd> TcpFlow::update_as<Mode::tstat>(const Segment&, TrackerContext&);
template std::optional<FlowEnd> TcpFlow::update_as<Mode::corrected>(const Segment&,
                                                                    TrackerContext&);

}  // namespace tapstat::flowstats
