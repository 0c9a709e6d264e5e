/// The path of one worker on frames in memory: bursts -> parse -> shard -> record ring.
///
/// The same steps as worker.cc, without ports, mbufs, EAL or privileges, so that the lab tool
/// (control/bench.h), the benchmarks and the floor measure one and the same thing. Nothing
/// allocates after construction. Owner thread only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "dataplane/exit_follower.h"
#include "dataplane/flow_shard.h"
#include "dataplane/parse.h"
#include "dataplane/record_ring.h"
#include "flowstats/exit_record.h"

namespace tapstat::dataplane {

/// A captured frame in memory that lives longer than the call it is passed to.
struct FrameInMemory {
  const uint8_t* bytes = nullptr;
  uint32_t captured_length = 0;
  int64_t time_us = 0;  // since 1970
};

inline constexpr size_t kFramesPerBurst = 32;  // the worker's; frame_path.cc checks that

/// What became of a burst.
struct ParsedFrames {
  std::span<const flowstats::Segment> segments;       // of the frames that are TCP or UDP, in order
  flowstats::Timestamp first_ip = flowstats::kNever;  // of the first IP packet, if there is one
};

/// Prefetches and parses at most kFramesPerBurst frames into `segments`. `clock` is the largest
/// packet time so far. Frames that are neither are counted in `counters`.
[[nodiscard]] ParsedFrames parse_frames(const ParseRules& rules,
                                        std::span<const FrameInMemory> burst,
                                        flowstats::Timestamp& clock,
                                        std::array<flowstats::Segment, kFramesPerBurst>& segments,
                                        flowstats::CounterBlock& counters);

class FramePath {
 public:
  /// A full ring drops records and counts them: nobody waits here.
  FramePath(const flowstats::Measurement& measurement, LinkType link_type);
  FramePath(const FramePath&) = delete;
  FramePath& operator=(const FramePath&) = delete;

  /// Any number of frames, in bursts. The records of flows that end stay in the ring until drain().
  void process(std::span<const FrameInMemory> frames);

  /// Takes finished flows out of the ring as the writer would; returns how many.
  [[nodiscard]] size_t drain(std::span<flowstats::TcpRecord> out) {
    return take_flows(ring_, scratch_, out);
  }

  /// Any one thread: follows the connections that process() has told of, as the thread for exit
  /// records does, and drops their records. False when there was nothing. process() waits for it
  /// when the feed (kExitFeedUnits) is full.
  [[nodiscard]] bool follow_connections();

  /// End of the trace: closes every flow. The path is then as new, but for the counters and what is
  /// in the ring.
  void finish() { shard_.finish(std::exchange(clock_, flowstats::kNever), kEpoch); }

  [[nodiscard]] const flowstats::CounterBlock& counters() const { return counters_; }
  [[nodiscard]] uint64_t flows_open() const { return shard_.flows_open(); }
  /// Directions of flows that hold a tracker.
  [[nodiscard]] uint64_t trackers_in_use() const {
    return counters_.get(flowstats::Counter::trackers_taken) -
           counters_.get(flowstats::Counter::trackers_returned);
  }
  /// Memory that is reserved for flows, index, segments and records.
  [[nodiscard]] size_t bytes() const { return shard_.bytes(); }

 private:
  static constexpr uint32_t kRingRecords = 1 << 16, kEpoch = 1;

  flowstats::Measurement measurement_;
  ParseRules rules_;
  flowstats::NetworkList internal_;  // empty: everybody is internal
  flowstats::CounterBlock counters_;
  RecordRing ring_;
  std::unique_ptr<ExitFeed> exits_;  // as the lane, absent without exit records
  FlowShard shard_;
  std::unique_ptr<ExitLane> lane_;
  std::array<flowstats::Segment, kFramesPerBurst> segments_;
  flowstats::Timestamp clock_ = flowstats::kNever;
  flowstats::RecordBuffer scratch_{flowstats::record_units(flowstats::kRecordBytesMax), 1};
  flowstats::RecordBuffer exit_scratch_{flowstats::record_units(sizeof(flowstats::ExitRecord)), 1};
};

}  // namespace tapstat::dataplane
