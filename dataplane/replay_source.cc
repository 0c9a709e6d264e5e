#include "dataplane/replay_source.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include <rte_mbuf.h>

namespace tapstat::dataplane {

using flowstats::Duration;
using flowstats::Timestamp;

namespace {

constexpr Duration kRoundGap = flowstats::seconds(1);

int64_t wall_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

/// Packet time that one round takes, with a pause behind it.
Duration round_length(const std::vector<CaptureFile>& captures) {
  Timestamp first{std::numeric_limits<int64_t>::max()}, last = flowstats::kNever;
  for (const CaptureFile& c : captures) {
    if (!c.first) continue;
    first = std::min(first, *c.first);
    last = std::max(last, c.clock_max);
  }
  return last < first ? Duration{0} : Duration{(last - first).us + kRoundGap.us};
}

}  // namespace

ReplaySource::ReplaySource(const std::vector<CaptureFile>& captures, CaptureReaders readers,
                           PacketTimeField time_field, uint64_t loops, double speed,
                           const SourceControl& control)
    : captures_(captures),
      readers_(std::move(readers)),
      time_field_(time_field),
      control_(control),
      loops_(loops),
      speed_(speed),
      round_length_(round_length(captures)) {}

/// False when the round is over.
bool ReplaySource::open_next() {
  while (next_capture_ < captures_.size()) {
    const CaptureFile& capture = captures_[next_capture_++];
    if (capture.packets == 0) continue;
    const auto reader = readers_.open(next_capture_ - 1);
    if (!reader) {
      fault_ = reader.error();
      continue;
    }
    reader_ = *reader;
    link_type_ = capture.link_type;
    return true;
  }
  return false;
}

ReplaySource::State ReplaySource::end_round() {
  reader_ = nullptr;
  readers_.close();
  next_capture_ = 0;
  ++rounds_done_;
  shift_ = {shift_.us + round_length_.us};
  const bool nothing_to_repeat = delivered_ == 0;
  finished_ =
      control_.stop.load(std::memory_order_relaxed) || rounds_done_ == loops_ || nothing_to_repeat;
  return State::round_ended;
}

/// Takes a burst from the reader into pending_. False when there was none.
bool ReplaySource::refill() {
  pending_first_ = 0;
  pending_count_ = reader_->receive(pending_.data(), kBurst);
  if (reader_->ended_early())
    fault_ =
        flowstats::Error{flowstats::ExitStatus::input_damaged,
                         "\"" + captures_[next_capture_ - 1].name.string() +
                             "\" ended before its counted end; was it changed during the replay?"};
  return pending_count_ > 0;
}

void ReplaySource::release_pending() {
  rte_pktmbuf_free_bulk(pending_.data() + pending_first_, pending_count_);
  pending_count_ = 0;
}

/// How many of `count` packets may be handed out before the packet at which control wants the
/// source held.
uint16_t ReplaySource::allowed(uint16_t count) {
  const uint64_t hold_at = control_.hold_at.load(std::memory_order_acquire);
  const uint64_t left = hold_at > delivered_ ? hold_at - delivered_ : 0;
  holding_at_ = left == 0 ? hold_at : SourceControl::kNoHold;
  return static_cast<uint16_t>(std::min<uint64_t>(count, left));
}

/// How many of the pending packets, at most `count`, are due by the wall clock.
uint16_t ReplaySource::due(uint16_t count) {
  if (speed_ <= 0) return count;
  const int64_t now = wall_us();
  if (pace_packet_ == flowstats::kNever) {
    pace_packet_ = time_of(pending_[pending_first_]);
    pace_wall_us_ = now;
  }
  const auto reached = static_cast<int64_t>(static_cast<double>(now - pace_wall_us_) * speed_);
  uint16_t n = 0;
  while (n < count && (time_of(pending_[pending_first_ + n]) - pace_packet_).us <= reached) ++n;
  return n;
}

ReplaySource::State ReplaySource::receive(Burst& burst) {
  burst.count = 0;
  if (finished_) return State::finished;
  const bool stop = control_.stop.load(std::memory_order_relaxed);
  if (stop) {
    release_pending();
    return end_round();
  }
  if (pending_count_ == 0) {
    if ((reader_ == nullptr || reader_->remaining() == 0) && !open_next()) return end_round();
    if (!refill()) return State::waiting;
  }
  const uint16_t count = due(allowed(pending_count_));
  if (count == 0) return State::waiting;
  burst.link_type = link_type_;
  burst.count = count;
  for (uint16_t i = 0; i < count; ++i) {
    burst.packets[i] = pending_[pending_first_ + i];
    last_frame_ = burst.times[i] = time_of(burst.packets[i]);
    clock_ = burst.clocks[i] = std::max(clock_, last_frame_);
  }
  pending_first_ = static_cast<uint16_t>(pending_first_ + count);
  pending_count_ = static_cast<uint16_t>(pending_count_ - count);
  delivered_ += count;
  return State::packets;
}

}  // namespace tapstat::dataplane
