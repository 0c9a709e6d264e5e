#include "dataplane/frame_path.h"

#include <algorithm>

#include "dataplane/burst.h"
#include "dataplane/parse_burst.h"

namespace tapstat::dataplane {

static_assert(kFramesPerBurst == kBurst, "measure what the worker does");

using flowstats::Segment;
using flowstats::Timestamp;

ParsedFrames parse_frames(const ParseRules& rules, std::span<const FrameInMemory> burst,
                          Timestamp& clock, std::array<Segment, kFramesPerBurst>& segments,
                          flowstats::CounterBlock& counters) {
  std::array<Frame, kFramesPerBurst> frames;
  std::array<Timestamp, kFramesPerBurst> times, clocks;
  Frame* located_frame = frames.data();
  Timestamp *time = times.data(), *latest = clocks.data();
  for (const FrameInMemory& frame : burst) {
    __builtin_prefetch(frame.bytes);
    *located_frame++ = {frame.bytes, frame.captured_length, frame.captured_length};
    *time = {frame.time_us};
    clock = std::max(clock, *time++);
    *latest++ = clock;
  }
  const FrameBurst located{{frames.data(), burst.size()}, times.data(), clocks.data(), nullptr};
  const ParsedBurst parsed = parse_burst(rules, located, segments.data(), counters);
  return {{segments.data(), parsed.segments}, parsed.first_ip};
}

FramePath::FramePath(const flowstats::Measurement& measurement, LinkType link_type)
    : measurement_(measurement),
      rules_{measurement.mode, link_type, measurement.hash_seed},
      ring_(kRingRecords, RecordRing::WhenFull::drop),
      exits_(measurement.exit_records.enabled
                 ? std::make_unique<ExitFeed>(kExitFeedUnits, measurement_.limits.tcp_flows_max,
                                              RecordRing::WhenFull::wait, counters_)
                 : nullptr),
      shard_(measurement_, internal_, ring_, counters_, exits_.get()),
      lane_(exits_ ? std::make_unique<ExitLane>(measurement_, internal_, ShardPlace{}, *exits_,
                                                kRingRecords, RecordRing::WhenFull::drop)
                   : nullptr) {}

bool FramePath::follow_connections() {
  if (!lane_ || !lane_->work()) return false;
  while (lane_->records().drain_one(exit_scratch_) != 0) exit_scratch_.clear();
  return true;
}

void FramePath::process(std::span<const FrameInMemory> frames) {
  for (size_t at = 0; at < frames.size(); at += kFramesPerBurst) {
    const auto burst = frames.subspan(at, std::min(kFramesPerBurst, frames.size() - at));
    const ParsedFrames parsed = parse_frames(rules_, burst, clock_, segments_, counters_);
    if (parsed.first_ip != flowstats::kNever) shard_.note_ip_packet(parsed.first_ip);
    shard_.process(parsed.segments, kEpoch);
  }
}

}  // namespace tapstat::dataplane
