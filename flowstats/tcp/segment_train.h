/// Segments in flight, in order, when there are more of them than fit into the flow: a ring from
/// the worker's pool.
///
/// Owned by the worker. Times are on the flow's clock.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/entry_pool.h"

namespace tapstat::flowstats {

struct alignas(64) SegmentTrain {
  static constexpr unsigned kCapacity = 42;
  struct Segment {
    uint32_t end;  // behind the last byte; each starts where the one before it ends
    int32_t sent_us;
    uint16_t ip_id;
  };

  uint32_t head, count;
  std::array<Segment, kCapacity> segments;

  void clear() { head = count = 0; }
  /// The `i`th oldest, i <= count.
  [[nodiscard]] Segment& at(unsigned i) {
    const unsigned number = head + i;
    return segments[number < kCapacity ? number : number - kCapacity];
  }
  void push(const Segment& s) {
    at(count) = s;
    ++count;
  }
  void pop() {
    head = head + 1 < kCapacity ? head + 1 : 0;
    --count;
  }
};
static_assert(sizeof(SegmentTrain) == 512);

using SegmentTrainPool = EntryPool<SegmentTrain>;

}  // namespace tapstat::flowstats
