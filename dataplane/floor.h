/// The physical floor of the worker path: what any probe with this table and four lines of state a
/// flow has to pay.
///
/// A staged loop over bursts: prefetch the frames, parse them (the product's parser and hash),
/// look the flows up in the product's table, and read and write one word in each of the four
/// 64-byte lines of their entries. No statistics, no openings, no timers, and every flow is known.
/// Nothing allocates after construction. Owner thread only.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/flow_table.h"
#include "dataplane/frame_path.h"
#include "dataplane/parse.h"
#include "flowstats/base/arena.h"

namespace tapstat::dataplane {

class Floor {
 public:
  Floor(const ParseRules& rules, uint32_t flows_max);
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;

  /// Makes the flow of a frame known, if it is none yet and there is room. Not part of the measured
  /// loop, nor is remove().
  void add(const FrameInMemory& frame);
  void remove(const FrameInMemory& frame);
  void clear();

  /// The measured loop: any number of frames, in bursts.
  void process(std::span<const FrameInMemory> frames);

  [[nodiscard]] uint32_t flows() const { return table_.size(); }
  /// Packets of process() whose flow was not known: 0, or the measurement is none.
  [[nodiscard]] uint64_t missed() const { return missed_; }
  [[nodiscard]] size_t bytes() const { return table_.bytes() + entries_.bytes(); }

 private:
  static constexpr size_t kLines = 4;
  struct alignas(64) Line {
    uint64_t touched = 0;
  };
  struct Entry {
    alignas(64) flowstats::FiveTuple tuple;
    uint64_t hash = 0;
    uint64_t touched = 0;
    std::array<Line, kLines - 1> lines;
  };
  static_assert(sizeof(Entry) == 64 * kLines);

  /// The one segment of a frame, or nullptr.
  [[nodiscard]] const flowstats::Segment* parse_one(const FrameInMemory& frame);
  void touch(std::span<const flowstats::Segment> segments);

  [[nodiscard]] uint32_t find(const flowstats::Segment& s) const {
    return table_.find(s.hash, [&](uint32_t entry) { return entries_[entry].tuple == s.tuple; });
  }
  void prefetch_entry(uint64_t hash);

  ParseRules rules_;
  flowstats::CounterBlock counters_;  // of the parser; nobody reads them
  FlowTable table_;
  flowstats::Arena<Entry> entries_;
  std::vector<uint32_t> free_;
  std::array<flowstats::Segment, kFramesPerBurst> segments_;
  flowstats::Timestamp clock_ = flowstats::kNever;
  uint64_t missed_ = 0;
};

}  // namespace tapstat::dataplane
