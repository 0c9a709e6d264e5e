#include "dataplane/live_source.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <rte_mbuf.h>

#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::Duration;
using flowstats::Timestamp;

namespace {
constexpr Timestamp kForever{std::numeric_limits<int64_t>::max()};
}

LiveSource::LiveSource(const std::vector<PortQueue*>& queues, const PacketClock& clock,
                       const SourceControl& control)
    : lanes_(queues.size()), packet_clock_(clock), control_(control), now_(clock.now()) {
  TAPSTAT_ASSERT(!queues.empty());
  for (size_t i = 0; i < queues.size(); ++i) {
    lanes_[i].queue = queues[i];
    may_nap_ &= queues[i]->may_nap();
    queues[i]->hold();
  }
}

LiveSource::~LiveSource() {
  for (Lane& lane : lanes_) rte_pktmbuf_free_bulk(lane.packets.data() + lane.first, lane.count);
}

size_t LiveSource::bytes() const {
  size_t sum = 0;
  for (const Lane& lane : lanes_) sum += lane.queue->bytes();
  return sum;
}

Timestamp LiveSource::silent_until() const {
  const Timestamp quiet = now_ + Duration{-kLateMax.us};
  return std::max(quiet, clock_);
}

void LiveSource::receive_one(Burst& burst) {
  PortQueue& queue = *lanes_.front().queue;
  burst.count = queue.receive(burst.packets.data(), burst.times.data(), kBurst, now_);
  burst.link_type = queue.link_type();
}

/// Among the lanes with packets; nullptr when the earliest is later than `bound`.
LiveSource::Lane* LiveSource::earliest(Timestamp bound) {
  Lane* found = nullptr;
  for (Lane& lane : lanes_) {
    if (lane.count == 0 || lane.times[lane.first] > bound) continue;
    bound = lane.times[lane.first];
    found = &lane;
  }
  return found;
}

void LiveSource::receive_in_order(Burst& burst) {
  Timestamp bound = kForever;
  for (Lane& lane : lanes_) {
    if (lane.count > 0) continue;
    lane.first = 0;
    lane.count = lane.queue->receive(lane.packets.data(), lane.times.data(), kBurst, now_);
    const bool is_over = lane.count == 0 && stopping_ && lane.queue->is_drained(now_);
    if (lane.count == 0 && !is_over) bound = std::min(bound, lane.queue->silent_until(now_));
  }
  while (burst.count < kBurst) {
    Lane* const lane = earliest(bound);
    if (lane == nullptr) break;
    if (burst.count == 0) burst.link_type = lane->queue->link_type();
    if (lane->queue->link_type() != burst.link_type) break;
    burst.packets[burst.count] = lane->packets[lane->first];
    burst.times[burst.count++] = lane->times[lane->first++];
    if (--lane->count == 0) break;  // the next one of this lane may be earlier than all others
  }
}

bool LiveSource::all_drained() {
  return std::ranges::all_of(
      lanes_, [this](Lane& lane) { return lane.count == 0 && lane.queue->is_drained(now_); });
}

LiveSource::State LiveSource::receive(Burst& burst) {
  burst.count = 0;
  if (finished_) return State::finished;
  now_ = packet_clock_.now();
  if (!std::exchange(has_begun_, true))
    for (Lane& lane : lanes_) lane.queue->begin();
  if (!stopping_ && control_.stop.load(std::memory_order_relaxed)) {
    stopping_ = true;
    for (Lane& lane : lanes_) lane.queue->refuse_more(now_);
  }
  if (lanes_.size() == 1)
    receive_one(burst);
  else
    receive_in_order(burst);
  if (burst.count == 0) {
    finished_ = stopping_ && all_drained();
    return finished_ ? State::round_ended : State::waiting;
  }
  for (uint16_t i = 0; i < burst.count; ++i)
    clock_ = burst.clocks[i] = std::max(clock_, burst.times[i]);
  last_frame_ = burst.times[burst.count - 1];
  return State::packets;
}

}  // namespace tapstat::dataplane
