/// The short way of a segment through its flow, for nearly all of them: what TcpFlow::apply_usual()
/// does, in a header because it is the body of the worker's loop.
///
/// Written for the cache and without calls; what it leaves out is in flow_update.cc. Owner of the
/// flow.
#pragma once

#include "flowstats/flow.h"

namespace tapstat::flowstats {

/// An acknowledgment, with or without payload or FIN, no option but timestamps and SACK, from a
/// side whose peer has opened, too.
[[nodiscard]] inline bool is_usual_segment(const Segment& s, uint32_t flags_seen_from_sender) {
  using namespace direction_flag;
  constexpr uint8_t kTcpFlags = tcp_flag::kSyn | tcp_flag::kRst | tcp_flag::kAck;
  constexpr uint8_t kUsualOptions = TcpOptions::kTimestamps | TcpOptions::kSack;
  return (s.flags & kTcpFlags) == tcp_flag::kAck && (s.options.seen & ~kUsualOptions) == 0 &&
         (flags_seen_from_sender & kSynSeen << ConnectionState::kOther) != 0 &&
         s.payload_length >= 0;
}

/// The counters and extremes of a usual segment's sender.
[[gnu::always_inline]] inline void TcpFlow::count_usual(const Segment& s, size_t d,
                                                        uint64_t window) {
  SenderLine& own = sender[d];
  const auto n = static_cast<uint32_t>(s.payload_length);
  bool wrapped = ++own.core.packets == 0;
  if (n > 0) {
    wrapped |= ++own.core.data_packets == 0;
    own.core.bytes += n;
    own.core.last_data = s.time;
    own.options.payload.note(n);
  }
  if (wrapped) [[unlikely]]
    count_laps(d, n > 0);
  own.last = s.time;
  own.sent_end = s.seq + n;
  own.hops.on_ttl(s.ttl);
  own.options.window.note(window);
  if (window == 0) [[unlikely]]
    ++cold[d].options.zero_windows;
  if (s.options.has(TcpOptions::kSack)) [[unlikely]]
    ++cold[d].options.sack_segments;
  const uint32_t in_flight = own.sent_end - last_ack[d ^ 1];
  if (static_cast<int32_t>(in_flight) > 0) own.options.in_flight.note(in_flight);
}

/// The steps of Update that a usual segment needs, in the same order where order matters.
[[gnu::always_inline]] inline TcpFlow::Usual TcpFlow::apply_usual(const Segment& s,
                                                                  TrackerContext& context) {
  using namespace direction_flag;
  constexpr int kOther = ConnectionState::kOther;
  const auto d = static_cast<size_t>(s.direction) & 1, other = d ^ 1;
  uint32_t flags = state.seen_from(d);
  if (!is_usual_segment(s, flags) || !base.is_near(s.time)) [[unlikely]]
    return Usual::no;
  const Moment now = base.moment(s.time);
  const bool fin = s.has(tcp_flag::kFin);
  const uint32_t length = static_cast<uint32_t>(s.payload_length) + (fin ? 1 : 0);
  if (length > 0 && !sequence[d].tracker.append(context, s.seq, length, now.us, s.ip_id))
    return Usual::no;
  const uint64_t window = uint64_t{s.window} << sender[d].window_shift;  // before it may be settled
  const uint32_t firsts =
      s.payload_length > 0 ? kFirstAckSeen | kFirstDataSeen | kDataAcknowledged : kFirstAckSeen;
  if ((flags & (firsts | kScalingIsOpen)) != firsts || fin) [[unlikely]] {
    note_firsts(s, d);
    if ((flags & kScalingIsOpen) != 0) settle_window_scales(false);
    if (fin) note_fin(s, d, context.mode);
    flags = state.seen_from(d);
  }
  if (sender[d].acks.settled != 0 && s.ack == last_ack[d]) {
    sender[d].acks.count();
  } else {
    const int64_t round_trip_us =
        sequence[other].tracker.acknowledge(context, base, sender[d].acks, s.ack, now);
    if (round_trip_us >= 0) sample[other].round_trips.on_sample({round_trip_us});
    last_ack[d] = s.ack;
    if ((flags & kDataAcknowledged << kOther) == 0 && s.ack != sequence[other].isn + 1)
      flags |= kDataAcknowledged << kOther;
  }
  if ((flags & kFinSeen << kOther) != 0 &&
      acknowledges_fin(s.ack, sequence[other].fin_seq, context.mode)) [[unlikely]]
    flags |= kFinAcknowledged << kOther;
  flags = (flags & ~(kIsLatest << kOther | kWindowIsOpen)) | kIsLatest |
          (static_cast<uint32_t>(window) != 0 ? kWindowIsOpen : 0) |
          (s.options.has(TcpOptions::kTimestamps) ? kTimestampsSeen : 0);
  state.assign(d, flags);
  last_clock = s.clock;
  count_usual(s, d, window);
  if (s.has(tcp_flag::kPsh | tcp_flag::kFin)) note_message(d, context.mode);
  constexpr uint32_t kClosed = kFinAcknowledged | kFinAcknowledged << kOther;
  return (flags & kClosed) == kClosed ? Usual::closed : Usual::yes;
}

}  // namespace tapstat::flowstats
