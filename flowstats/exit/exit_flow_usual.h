/// ExitFlow's usual way: a plain segment of a connection in which nothing is lost, repeated or out
/// of order; in a header because it is the body of the loop that follows connections.
///
/// It does what the general way does, less what cannot happen meanwhile. Same owner.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flowstats/exit/exit_flow.h"
#include "flowstats/exit/exit_sender_usual.h"

namespace tapstat::flowstats {

/// An acknowledgment with or without payload, without SACK.
[[nodiscard]] inline bool is_usual_for_exit(const Segment& s) {
  return (s.flags & ~tcp_flag::kPsh) == tcp_flag::kAck && !s.options.has(TcpOptions::kSack) &&
         s.payload_length >= 0;
}

[[gnu::always_inline]] inline bool ExitFlow::apply_usual(const Segment& s,
                                                         const ExitRecords& settings,
                                                         ExitSegments& segments) {
  const int64_t now_us = s.time.us;
  if (!is_steady_ || now_us < last_us_ || !is_usual_for_exit(s)) [[unlikely]]
    return false;
  const auto direction = static_cast<ptrdiff_t>(s.direction);
  ExitSender& from = *(senders_.data() + direction);
  ExitSender& to = *(senders_.data() + 1 - direction);
  if (s.tos != from.tos()) [[unlikely]]  // it may be marked by a router
    return false;
  const uint32_t progress = to.progress_to(s.ack);
  const uint32_t window = from.scaled(s.window);
  const bool has_timestamps = s.options.has(TcpOptions::kTimestamps);
  if (s.payload_length != 0) {
    if (!from.continues_with(s.seq) || progress > to.outstanding()) [[unlikely]]
      return false;
    const TcpTimestamps timestamps =
        has_timestamps ? read_timestamps(s.option_list()) : TcpTimestamps{};
    if (timestamps.present) [[likely]] {
      if (!from.awaits_echo()) from.await_echo(timestamps.value, now_us);
      to.usual_echo(timestamps.echo, now_us);
    }
    from.usual_packet(s, window);
    from.usual_data(
        s, {now_us, timestamps.value, identification(s, tuple_.ip_version), timestamps.present},
        settings.segments_per_side_max, segments);
  } else {
    const uint32_t outstanding = to.outstanding();
    const bool is_duplicate = progress == 0 && outstanding != 0 && window == from.window();
    if (progress > outstanding || is_duplicate) [[unlikely]]
      return false;
    if (has_timestamps && !from.awaits_echo()) {
      const TcpTimestamps timestamps = read_timestamps(s.option_list());
      if (timestamps.present) from.await_echo(timestamps.value, now_us);
    }
    from.usual_packet(s, window);
  }
  to.usual_acknowledgment(progress, s.ack, window, now_us, settings.rto_min, segments);
  last_us_ = now_us;
  clock_ = s.clock;
  return true;
}

}  // namespace tapstat::flowstats
