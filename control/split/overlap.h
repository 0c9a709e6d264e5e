/// Recognises packets that two captures have in common, where their times overlap.
///
/// A packet is the same when its time (within `window_ns`), its length on the wire and its captured
/// bytes are the same; where a capture cut its packets, as many bytes as the shortest cut left. Of
/// packets that one capture has a times and another b times, max(a, b) pass: a repetition on the
/// wire stays. The n-th is paired with the n-th. Fed in the order of the merge; remembers no more
/// than the packets of one window inside an overlap. Control thread.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "control/split/packet.h"

namespace tapstat::control::splitting {

/// From the first to the last packet of a capture, both included.
struct TimeRange {
  int64_t first_ns = 0, last_ns = 0;
  [[nodiscard]] bool contains(int64_t time_ns) const {
    return first_ns <= time_ns && time_ns <= last_ns;
  }
};

class OverlapFilter {
 public:
  /// `ranges` of all captures, in the order of their first packets. `compared_bytes`: of a packet,
  /// at most.
  OverlapFilter(std::vector<TimeRange> ranges, int64_t window_ns, uint32_t compared_bytes);

  /// True when another capture has delivered it already.
  [[nodiscard]] bool is_duplicate(const Packet& packet);

 private:
  struct Passed {
    int64_t time_ns = 0;
    uint32_t source = 0;
  };
  /// Packets that look the same and have passed, and how far each capture has been paired.
  struct Chain {
    std::deque<Passed> passed;
    uint64_t first_number = 0;                        // of passed.front()
    std::vector<std::pair<uint32_t, uint64_t>> next;  // source -> number of the next to pair with

    uint64_t& next_of(uint32_t source);
  };
  [[nodiscard]] bool is_in_overlap(const Packet& packet);
  [[nodiscard]] bool pair(Chain& chain, const Packet& packet);
  void forget_before(int64_t time_ns);

  std::vector<TimeRange> ranges_;
  int64_t window_ns_;
  uint32_t compared_bytes_;
  size_t begun_ = 0;              // captures whose range has begun
  std::vector<uint32_t> active_;  // and not yet ended
  std::unordered_map<uint64_t, Chain> chains_;
  std::deque<std::pair<int64_t, uint64_t>> order_;  // time and key, for forgetting
};

}  // namespace tapstat::control::splitting
