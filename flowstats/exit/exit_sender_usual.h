/// ExitSender's usual way: what plain segments need of it while nothing is lost, repeated or out of
/// order at either end; short enough to be part of the caller.
///
/// It does what the general way does, less what cannot happen meanwhile. Same owner.
#pragma once

#include <cstdint>

#include "flowstats/exit/exit_sender.h"

namespace tapstat::flowstats {

[[gnu::always_inline]] inline void ExitSender::usual_packet(const Segment& segment,
                                                            uint32_t window) {
  ++packets_;
  ttl_ = segment.ttl;
  if (window != window_now_) [[unlikely]]
    set_window(window, false);
}

[[gnu::always_inline]] inline void ExitSender::usual_echo(uint32_t echo, int64_t now_us) {
  if (echo_is_awaited_ && seq_at_or_after(echo, echo_tsval_)) take_echo(now_us);
}

[[gnu::always_inline]] inline void ExitSender::usual_data(const Segment& segment, Transmission sent,
                                                          uint32_t entries_max,
                                                          ExitSegments& segments) {
  const auto payload = static_cast<uint32_t>(segment.payload_length);
  ++data_packets_;
  data_bytes_ += payload;
  sizes_.add(payload);
  if (!outstanding_.keep_inside(segment.seq, segment.seq + payload, sent)) [[unlikely]]
    outstanding_.append(segments, entries_max, segment.seq, segment.seq + payload, sent, 0);
  max_ += payload;
  note_sent(segment.seq, sent);
  const uint32_t pipe = outstanding();
  window_.on_usual_sent(pipe, sent.time_us, rtt_.smoothed_us());
  if (pipe > queue_max_) [[unlikely]]
    queue_max_ = pipe;
  burst_is_full_ = fills_burst(payload, segment.has(tcp_flag::kPsh), sent.time_us);
  judge_usual_limits(pipe, sent.time_us);
  limits_.on_payload(payload);
}

[[gnu::always_inline]] inline void ExitSender::usual_acknowledgment(uint32_t progress, uint32_t ack,
                                                                    uint32_t window, int64_t now_us,
                                                                    Duration rto_floor,
                                                                    ExitSegments& segments) {
  if (progress == 0) {
    if (una_ + window == edge_) return;
  } else {
    una_ += progress;
    progress_us_ = now_us;
    const auto covered = outstanding_.acknowledge(segments, ack);
    if (limits_.state() == SendLimit::congestion) window_.on_opening();
    if (!covered.unfit && covered.earliest_us != OutstandingSegments::kNoTime) [[likely]]
      rtt_.on_sample(now_us - covered.earliest_us, rto_floor);
  }
  edge_ = una_ + window;
  if (data_packets_ != 0) judge_usual_limits(outstanding(), now_us);
}

[[gnu::always_inline]] inline void ExitSender::judge_usual_limits(uint32_t pipe, int64_t now_us) {
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
