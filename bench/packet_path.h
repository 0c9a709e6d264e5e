/// The packet path in memory (dataplane/frame_path.h) with its ring emptied as the writer would:
/// frames -> records.
///
/// Owner thread only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "dataplane/frame_path.h"

namespace tapstat::bench {

using dataplane::FrameInMemory;

class PacketPath {
 public:
  static constexpr size_t kBurst = dataplane::kFramesPerBurst;
  static constexpr size_t kFramesBetweenTurns = 4'096;

  /// Chooses the records that kept() holds.
  using Keep = bool (*)(const flowstats::TcpRecord&);

  explicit PacketPath(const flowstats::Measurement& measurement, Keep keep = nullptr)
      : path_(measurement, dataplane::LinkType::ethernet), drained_(kDrainBatch), keep_(keep) {}

  /// Any number of frames; drains the ring after every few bursts.
  void process(std::span<const FrameInMemory> frames) {
    for (size_t at = 0; at < frames.size(); at += kFramesBetweenDrains) {
      path_.process(frames.subspan(at, std::min(kFramesBetweenDrains, frames.size() - at)));
      drain();
    }
  }

  /// End of the trace. The path is then as new, except for the counters.
  void finish() {
    path_.finish();
    drain();
  }

  /// The turn of the thread for exit records; false when it has nothing to do. On the owner thread
  /// due after each block of packets, at the latest after kFramesBetweenTurns.
  bool follow() { return path_.follow_connections(); }

  [[nodiscard]] const flowstats::CounterBlock& counters() const { return path_.counters(); }
  [[nodiscard]] uint64_t flows_open() const { return path_.flows_open(); }
  [[nodiscard]] uint64_t records() const { return records_; }
  [[nodiscard]] const std::vector<flowstats::TcpRecord>& kept() const { return kept_; }

 private:
  static constexpr size_t kDrainBatch = 64, kFramesBetweenDrains = 16 * kBurst;

  /// The writer's work; not counted by scripts/bench_instructions.py, which knows its name.
  [[gnu::noinline]] void drain() {
    while (const size_t count = path_.drain(drained_)) {
      records_ += count;
      if (keep_ == nullptr) continue;
      std::copy_if(drained_.begin(), drained_.begin() + static_cast<std::ptrdiff_t>(count),
                   std::back_inserter(kept_), keep_);
    }
  }

  dataplane::FramePath path_;
  std::vector<flowstats::TcpRecord> drained_, kept_;
  Keep keep_;
  uint64_t records_ = 0;
};

}  // namespace tapstat::bench
