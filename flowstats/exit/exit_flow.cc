#include "flowstats/exit/exit_flow.h"

#include <algorithm>
#include <type_traits>

#include "flowstats/exit/exit_flow_usual.h"
#include "flowstats/exit/tcp_option_list.h"

namespace tapstat::flowstats {
namespace {

constexpr uint16_t kMssDefault = 536;  // RFC 9293 section 3.7.1
constexpr uint16_t kTimestampsBytes = 12;

TcpTimestamps timestamps_of(const Segment& s) {
  return s.options.has(TcpOptions::kTimestamps) ? read_timestamps(s.option_list())
                                                : TcpTimestamps{};
}

/// Canonical end that is Local.
uint8_t local_end(const Segment& first, std::array<bool, 2> internal) {
  if (internal[0] != internal[1]) return internal[0] ? 0 : 1;
  const auto source = static_cast<uint8_t>(first.direction);
  const auto destination = static_cast<uint8_t>(opposite(first.direction));
  if (first.has(tcp_flag::kSyn)) return first.has(tcp_flag::kAck) ? source : destination;
  if (first.tuple.a_port != first.tuple.b_port)
    return first.tuple.a_port < first.tuple.b_port ? 0 : 1;
  return destination;
}

}  // namespace

static_assert(std::is_trivially_copyable_v<ExitFlow>);

void ExitFlow::open(const Segment& first, std::array<bool, 2> internal, uint32_t cid) {
  *this = ExitFlow{};
  tuple_ = first.tuple;
  internal_ = internal;
  local_ = local_end(first, internal);
  cid_ = cid;
  first_ = first.time;
  last_us_ = first.time.us;
  clock_ = first.clock;
}

void ExitFlow::on_segment(const Segment& segment, const ExitRecords& settings,
                          ExitSegments& segments) {
  if (!apply_usual(segment, settings, segments)) apply_any(segment, settings, segments);
}

void ExitFlow::apply_any(const Segment& s, const ExitRecords& settings, ExitSegments& segments) {
  const int64_t before_us = last_us_;
  last_us_ = std::max(s.time.us, before_us);
  clock_ = s.clock;
  ExitSender& from = senders_[static_cast<size_t>(s.direction)];
  ExitSender& to = senders_[static_cast<size_t>(opposite(s.direction))];
  const ExitPacket packet{s,
                          tuple_.ip_version,
                          timestamps_of(s),
                          last_us_,
                          last_us_ - before_us,
                          static_cast<uint32_t>(std::max(s.payload_length, 0)),
                          settings,
                          segments};
  const bool window_is_same = from.on_packet(packet);
  to.on_echo(packet);
  if (s.has(tcp_flag::kRst)) return on_reset(packet, from, to);
  if (s.has(tcp_flag::kSyn)) {
    on_handshake(packet, from, to);
  } else if (packet.payload != 0 || s.has(tcp_flag::kFin)) {
    if (s.has(tcp_flag::kFin) && first_closer_ == kNobody)
      first_closer_ = static_cast<uint8_t>(s.direction);
    from.on_data(packet, to.rtt_min_us());
  }
  if (s.has(tcp_flag::kAck)) to.on_acknowledgment(packet, from.window(), window_is_same);
  is_steady_ = from.is_steady() && to.is_steady();
}

void ExitFlow::on_handshake(const ExitPacket& packet, ExitSender& from, const ExitSender& to) {
  from.on_syn(packet);
  if (opener_ == kNobody) {
    const Direction d = packet.segment.direction;
    opener_ = static_cast<uint8_t>(packet.has(tcp_flag::kAck) ? opposite(d) : d);
  }
  if (from.syn_seen() && to.syn_seen())
    for (const size_t i : {size_t{0}, size_t{1}}) senders_[i].agree(senders_[1 - i]);
}

void ExitFlow::on_reset(const ExitPacket& packet, const ExitSender& from, const ExitSender& to) {
  // An end that has sent nothing refuses a SYN with the acknowledgment of it.
  const bool refuses = packet.has(tcp_flag::kAck) && to.is_covered_by(packet.segment.ack);
  reset_ =
      reset_ || (from.is_known() ? from.accepts_reset(packet.segment) : refuses || !to.is_known());
}

bool ExitFlow::is_complete() const { return senders_[0].syn_acked() && senders_[1].syn_acked(); }

bool ExitFlow::is_half_closed() const {
  return senders_[0].fin_seen() != senders_[1].fin_seen() ||
         (senders_[0].fin_seen() && !both_fins_acked());
}

bool ExitFlow::is_replaced_by(const Segment& segment) const {
  if (!segment.has(tcp_flag::kSyn) || segment.has(tcp_flag::kAck)) return false;
  const ExitSender& from = senders_[static_cast<size_t>(segment.direction)];
  return from.is_known() && segment.seq != from.syn_seq();
}

std::array<bool, 2> ExitFlow::internal() const {
  return {internal_[local_], internal_[1u - local_]};
}

ExitState ExitFlow::state_of(unsigned local) const {
  const ExitSender &l = senders_[local], &r = senders_[1 - local];
  if (is_over()) return ExitState::closed;
  const bool opening = opener_ != kNobody && !is_complete();
  if (opening && !l.fin_seen() && !r.fin_seen())
    return opener_ == local && !r.syn_seen() ? ExitState::syn_sent : ExitState::syn_received;
  if (!l.fin_seen()) return r.fin_seen() ? ExitState::close_wait : ExitState::established;
  if (!r.fin_seen()) return l.fin_acked() ? ExitState::fin_wait_2 : ExitState::fin_wait_1;
  return first_closer_ == local ? ExitState::closing : ExitState::last_ack;
}

void ExitFlow::fill(ExitRecord& record, View view, const ExitRecords& settings) const {
  const unsigned local = view == View::local ? local_ : 1u - local_;
  const ExitSender &l = senders_[local], &r = senders_[1 - local];
  const std::array<Endpoint, 2> ends = {tuple_.sender(static_cast<Direction>(local)),
                                        tuple_.sender(static_cast<Direction>(1 - local))};
  for (const size_t i : {size_t{0}, size_t{1}}) {
    record.ends.address[i] = ends[i].address;
    record.ends.port[i] = ends[i].port;
  }
  record.ends.internal = {internal_[local], internal_[1 - local]};
  record.ends.ip_version = tuple_.ip_version;
  record.cid = cid_;
  ExitVariables& v = record.variables;
  v = {};
  v.state = state_of(local);
  v.active_open = opener_ == local;
  v.first = first_;
  v.last = {last_us_};
  l.fill_local(v, settings);
  r.fill_remote(v);
  if (v.window_scale_sent >= 0 && v.window_scale_received >= 0) {
    v.send_window_scale = v.window_scale_received;
    v.receive_window_scale = v.window_scale_sent;
  }
  if (v.mss_max == 0 && l.syn_seen() && r.syn_seen()) {
    const auto told = [](uint16_t mss) { return mss == 0 ? kMssDefault : mss; };
    const uint32_t mss = std::min(told(v.mss_sent), told(v.mss_received));
    v.mss_now = mss - std::min<uint32_t>(v.timestamps ? kTimestampsBytes : 0, mss);
  }
  if (settings.rtt_of_both_halves && v.rtt_samples != 0) {
    const Duration near{r.rtt_min_us()};
    for (Duration* time : {&v.rtt_latest, &v.rtt_smoothed, &v.rtt_max, &v.rtt_min, &v.rto_now,
                           &v.rto_max, &v.rto_min})
      time->us += near.us;
    v.rtt_sum.us += near.us * v.rtt_samples;
  }
}

void ExitFlow::release(ExitSegments& segments) {
  for (ExitSender& sender : senders_) sender.release(segments);
}

}  // namespace tapstat::flowstats
