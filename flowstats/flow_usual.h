/// The short way of a segment through its flow, for nearly all of them: what TcpFlow::apply_usual()
/// does, in a header because it is the body of the worker's loop.
///
/// Written for the cache and without calls; what it leaves out is in flow_update.cc. The steps that
/// both ways have are the functions in front of it. Owner of the flow.
#pragma once

#include "flowstats/flow.h"

namespace tapstat::flowstats {

/// An acknowledgment, with or without payload or FIN, no option but timestamps and SACK, from a
/// side whose peer has opened, too.
[[nodiscard]] inline bool is_usual_segment(const Segment& s, uint32_t flags_seen_from_sender) {
  using namespace direction_flag;
  constexpr uint8_t kTcpFlags = tcp_flag::kSyn | tcp_flag::kRst | tcp_flag::kAck;
  constexpr uint8_t kUsualOptions =
      TcpOptions::kTimestamps | TcpOptions::kPlain | TcpOptions::kSack;
  return (s.flags & kTcpFlags) == tcp_flag::kAck && (s.options.seen & ~kUsualOptions) == 0 &&
         (flags_seen_from_sender & kSynSeen << ConnectionState::kOther) != 0 &&
         s.payload_length >= 0;
}

/// Packet, payload and TTL of any segment; laps of the counters are rare.
[[gnu::always_inline]] inline void TcpFlow::count_packet(const Segment& s, size_t d) {
  SenderLine& own = sender[d];
  bool wrapped = ++own.core.packets == 0;
  if (s.payload_length > 0) {
    const auto n = static_cast<uint32_t>(s.payload_length);
    wrapped |= ++own.core.data_packets == 0;
    own.core.bytes += n;
    own.options.payload.note(n);
  }
  if (wrapped) [[unlikely]]
    count_laps(d, s.payload_length > 0);
  own.hops.on_ttl(s.ttl);
}

/// The acknowledgment of any segment, but for last_ack. False when it repeats the latest one, which
/// touches nothing of the other direction.
[[gnu::always_inline]] inline bool TcpFlow::apply_acknowledgment(const Segment& s, size_t d,
                                                                 TrackerContext& context,
                                                                 const Moment& now) {
  AckMemory& memory = sender[d].acks;
  if (memory.settled != 0 && s.ack == last_ack[d]) {
    memory.count();
    return false;
  }
  const size_t other = d ^ 1;
  const int64_t round_trip_us =
      sequence[other].tracker.acknowledge(context, base, memory, s.ack, now);
  if (round_trip_us >= 0) sample[other].round_trips.on_sample({round_trip_us});
  return true;
}

/// Bytes sent and not yet acknowledged as the tap sees them, by the receiver's latest
/// acknowledgment; after a segment that repeats nothing.
[[gnu::always_inline]] inline void TcpFlow::note_in_flight(size_t d) {
  const uint32_t in_flight = sender[d].sent_end - last_ack[d ^ 1];
  if (static_cast<int32_t>(in_flight) > 0) sender[d].options.in_flight.note(in_flight);
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
  if (length > 0) {
    if (!sequence[d].tracker.append(context, s.seq, length, now.us, s.ip_id)) return Usual::no;
    if (s.payload_length > 0) sender[d].core.last_data = s.time;
  }
  const uint64_t window = uint64_t{s.window} << sender[d].window_shift;  // before it may be settled
  const uint32_t firsts =
      s.payload_length > 0 ? kFirstAckSeen | kFirstDataSeen | kDataAcknowledged : kFirstAckSeen;
  if ((flags & (firsts | kScalingIsOpen)) != firsts || fin) [[unlikely]] {
    note_firsts(s, d);
    if (s.payload_length > 0 && (flags & kDataAcknowledged) == 0)
      cold[d].options.initial_window += static_cast<uint32_t>(s.payload_length);
    if ((flags & kScalingIsOpen) != 0) settle_window_scales(false);
    if (fin) note_fin(s, d, context.mode);
    flags = state.seen_from(d);
  }
  if (apply_acknowledgment(s, d, context, now)) {
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
  count_packet(s, d);
  SenderLine& own = sender[d];
  own.last = s.time;
  own.sent_end = s.seq + static_cast<uint32_t>(s.payload_length);
  own.options.window.note(window);
  if (window == 0) [[unlikely]]
    ++cold[d].options.zero_windows;
  if (s.options.has(TcpOptions::kSack)) [[unlikely]]
    ++cold[d].options.sack_segments;
  note_in_flight(d);
  if (s.has(tcp_flag::kPsh | tcp_flag::kFin)) note_message(d, context.mode);
  constexpr uint32_t kClosed = kFinAcknowledged | kFinAcknowledged << kOther;
  return (flags & kClosed) == kClosed ? Usual::closed : Usual::yes;
}

}  // namespace tapstat::flowstats
