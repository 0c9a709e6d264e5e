/// The packet path of one worker without ports: frames in memory -> parse -> shard -> record ring
/// -> drained.
///
/// The same steps as dataplane/worker.cc, on plain memory instead of mbufs and without EAL. Owner
/// thread only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "dataplane/flow_shard.h"
#include "dataplane/parse.h"
#include "dataplane/record_ring.h"

namespace tapstat::bench {

/// A captured frame in memory that lives longer than the call it is passed to.
struct FrameInMemory {
  const uint8_t* bytes = nullptr;
  uint32_t captured_length = 0;
  int64_t time_us = 0;
};

class PacketPath {
 public:
  static constexpr size_t kBurst = 32;  // the worker's; bench_pipeline.cc checks that

  /// Chooses the records that kept() holds.
  using Keep = bool (*)(const flowstats::TcpRecord&);

  explicit PacketPath(const flowstats::Measurement& measurement, Keep keep = nullptr)
      : measurement_(measurement),
        rules_{measurement.mode, dataplane::LinkType::ethernet, measurement.hash_seed},
        ring_(kRingRecords, dataplane::RecordRing::WhenFull::drop),
        shard_(measurement_, internal_, ring_, counters_),
        drained_(kDrainBatch),
        keep_(keep) {}

  /// Any number of frames, in bursts; drains the ring as the writer would.
  void process(std::span<const FrameInMemory> frames) {
    for (size_t at = 0; at < frames.size(); at += kBurst) {
      process_burst(frames.subspan(at, std::min(kBurst, frames.size() - at)));
      if (++bursts_ % kBurstsBetweenDrains == 0) drain();
    }
  }

  /// End of the trace. The path is then as new, except for the counters.
  void finish() {
    shard_.finish(clock_, kEpoch);
    drain();
  }

  [[nodiscard]] const flowstats::CounterBlock& counters() const { return counters_; }
  [[nodiscard]] uint64_t records() const { return records_; }
  [[nodiscard]] const std::vector<flowstats::TcpRecord>& kept() const { return kept_; }

 private:
  static constexpr uint32_t kRingRecords = 1 << 16, kEpoch = 1;
  static constexpr size_t kDrainBatch = 64, kBurstsBetweenDrains = 16;

  void process_burst(std::span<const FrameInMemory> burst) {
    for (const FrameInMemory& frame : burst) __builtin_prefetch(frame.bytes);
    size_t parsed = 0;
    for (const FrameInMemory& frame : burst) {
      flowstats::Segment& segment = segments_[parsed];
      bool is_ip = false;
      clock_ = std::max(clock_, flowstats::Timestamp{frame.time_us});
      const auto outcome = parse(rules_, {frame.bytes, frame.captured_length},
                                 frame.captured_length, segment, is_ip);
      if (is_ip) shard_.note_ip_packet({frame.time_us});
      if (outcome != flowstats::Counter::analysed_packets) continue;
      segment.time = {frame.time_us};
      segment.clock = clock_;
      ++parsed;
    }
    shard_.process({segments_.data(), parsed}, kEpoch);
  }

  void drain() {
    while (const size_t count = ring_.drain(drained_)) {
      records_ += count;
      if (keep_ == nullptr) continue;
      std::copy_if(drained_.begin(), drained_.begin() + static_cast<std::ptrdiff_t>(count),
                   std::back_inserter(kept_), keep_);
    }
  }

  flowstats::Measurement measurement_;
  dataplane::ParseRules rules_;
  flowstats::NetworkList internal_;
  flowstats::CounterBlock counters_;
  dataplane::RecordRing ring_;
  dataplane::FlowShard shard_;
  std::array<flowstats::Segment, kBurst> segments_;
  std::vector<flowstats::TcpRecord> drained_, kept_;
  Keep keep_;
  flowstats::Timestamp clock_ = flowstats::kNever;
  uint64_t bursts_ = 0, records_ = 0;
};

}  // namespace tapstat::bench
