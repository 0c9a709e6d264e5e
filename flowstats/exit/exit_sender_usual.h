/// ExitSender's usual way: what plain segments need of it while nothing is lost, repeated or out of
/// order at either end; short enough to be part of the caller.
///
/// It does what the general way does, less what cannot happen meanwhile. Same owner.
#pragma once

#include <algorithm>
#include <cstdint>

#include "flowstats/exit/exit_sender.h"

namespace tapstat::flowstats {

/// Marked on its way by a router (RFC 3168 section 5).
[[nodiscard]] inline bool is_congested(const Segment& segment) { return (segment.tos & 3) == 3; }

[[gnu::always_inline]] inline void ExitSender::usual_packet(const Segment& segment,
                                                            uint32_t window) {
  ++packets_;
  ttl_ = segment.ttl;
  tos_ = segment.tos;
  if (window != window_now_) [[unlikely]]
    set_window(window, false);
}

[[gnu::always_inline]] inline void ExitSender::usual_echo(const TcpTimestamps& timestamps,
                                                          int64_t now_us) {
  if (echo_is_awaited_ && timestamps.present && seq_at_or_after(timestamps.echo, echo_tsval_))
      [[unlikely]]
    take_echo(now_us);
}

[[gnu::always_inline]] inline void ExitSender::usual_data(const Segment& segment, Transmission sent,
                                                          uint32_t entries_max,
                                                          ExitSegments& segments) {
  const auto payload = static_cast<uint32_t>(segment.payload_length);
  ++data_packets_;
  data_bytes_ += payload;
  sizes_.add(payload);
  outstanding_.append(segments, entries_max, segment.seq, segment.seq + payload, sent, 0);
  max_ += payload;
  note_sent(segment.seq, sent);
  const uint32_t pipe = outstanding();
  if (!window_.is_ordinary(pipe, sent.time_us)) [[unlikely]] {
    queue_max_ = std::max(queue_max_, pipe);
    window_.on_sent(pipe, false, sent.time_us, rtt_.smoothed_us());
  }
  burst_is_full_ = fills_burst(payload, segment.has(tcp_flag::kPsh), sent.time_us);
  judge_usual_limits(sent.time_us);
  limits_.on_payload(payload);
}

[[gnu::always_inline]] inline void ExitSender::usual_acknowledgment(const Segment& segment,
                                                                    int64_t now_us, uint32_t window,
                                                                    Duration rto_floor,
                                                                    ExitSegments& segments) {
  const uint32_t progress = progress_to(segment.ack);
  if (progress != 0) {
    una_ += progress;
    const auto covered = outstanding_.acknowledge(segments, segment.ack);
    progress_us_ = now_us;
    if (limits_.state() == SendLimit::congestion) window_.on_opening();
    if (!covered.unfit && covered.earliest_us != OutstandingSegments::kNoTime) [[likely]]
      rtt_.on_sample(now_us - covered.earliest_us, rto_floor);
  }
  const uint64_t edge = una_ + window;
  if (edge == edge_ && progress == 0) return;
  edge_ = edge;
  if (data_packets_ != 0) judge_usual_limits(now_us);
}

[[gnu::always_inline]] inline void ExitSender::judge_usual_limits(int64_t now_us) {
  const uint32_t pipe = outstanding();
  const bool closed = edge_ < max_ + sizes_.max();
  SendLimit state = SendLimit::sender;
  if (closed) [[unlikely]]
    state = SendLimit::receiver;
  else if (burst_is_full_ && window_.is_filled_by(pipe))
    state = SendLimit::congestion;
  set_busy(pipe != 0 || closed, now_us);
  limits_.enter(state, now_us);
}

}  // namespace tapstat::flowstats
