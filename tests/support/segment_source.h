/// Frames -> parser -> segments, without EAL or capture files: what a worker would be given.
#pragma once

#include <algorithm>
#include <vector>

#include "dataplane/parse.h"
#include "flowstats/wire/segment.h"
#include "tests/support/capture_writer.h"

namespace tapstat::tests {

/// Owns the frames, since a segment's payload points into its frame. Frames that the parser refuses
/// are left out, but still move the clock.
class SegmentSource {
 public:
  explicit SegmentSource(std::vector<TimedFrame> frames, dataplane::ParseRules rules = {})
      : frames_(std::move(frames)) {
    flowstats::Timestamp clock = flowstats::kNever;
    for (const TimedFrame& frame : frames_) {
      clock = std::max(clock, frame.time);
      flowstats::Segment segment;
      bool is_ip = false;
      const auto captured = static_cast<uint32_t>(frame.bytes.size());
      if (dataplane::parse(rules, {frame.bytes.data(), frame.bytes.size()}, captured, segment,
                           is_ip) != flowstats::Counter::analysed_packets)
        continue;
      segment.time = frame.time;
      segment.clock = clock;
      segments_.push_back(segment);
    }
  }
  SegmentSource(const SegmentSource&) = delete;
  SegmentSource& operator=(const SegmentSource&) = delete;

  [[nodiscard]] const std::vector<flowstats::Segment>& segments() const { return segments_; }

 private:
  std::vector<TimedFrame> frames_;
  std::vector<flowstats::Segment> segments_;
};

}  // namespace tapstat::tests
