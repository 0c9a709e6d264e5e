/// The half-open flows of a worker: two cache lines each, oldest first.
///
/// A flow spends its first moments here and moves to a full entry with its second segment, so a
/// flood of SYNs neither displaces warm entries nor fills the pool. All wait for the same time and
/// none is heard of again while it is here, so the order of opening is the order of expiry and no
/// timer is needed. Entry numbers carry a mark that tells them from those of full flows. Owner
/// thread only; never allocates after construction.
#pragma once

#include <algorithm>
#include <cstdint>

#include "flowstats/base/entry_pool.h"
#include "flowstats/half_open_flow.h"

namespace tapstat::dataplane {

class Nursery {
 public:
  explicit Nursery(uint32_t capacity) : nodes_(capacity) {}

  /// Whether `entry` numbers a half-open flow, unless it is kNoEntry, for which this is true too.
  [[nodiscard]] static bool holds(uint32_t entry) { return (entry & kMark) != 0; }

  [[nodiscard]] uint32_t capacity() const { return nodes_.capacity(); }
  [[nodiscard]] uint32_t size() const { return nodes_.in_use(); }
  [[nodiscard]] uint32_t size_max() const { return size_max_; }
  [[nodiscard]] bool full() const { return size() == capacity(); }
  [[nodiscard]] size_t bytes() const { return nodes_.bytes(); }
  /// See PageBlock::touch().
  void touch() { nodes_.touch(); }

  [[nodiscard]] const flowstats::HalfOpenFlow& operator[](uint32_t entry) const {
    return nodes_[entry & ~kMark].flow;
  }
  [[nodiscard]] uint32_t slot(uint32_t entry) const { return nodes_[entry & ~kMark].slot; }
  /// The flow that waits longest, or kNoEntry.
  [[nodiscard]] uint32_t oldest() const { return oldest_; }

  void prefetch(uint32_t entry) const {
    const char* const node = reinterpret_cast<const char*>(&nodes_[entry & ~kMark]);
    __builtin_prefetch(node, 1);
    __builtin_prefetch(node + 64, 1);
  }

  /// Precondition: !full(). `slot` is the caller's name of the flow.
  uint32_t take(const flowstats::Segment& syn, uint32_t slot) {
    const uint32_t number = nodes_.take();
    Node& node = nodes_[number];
    const uint32_t entry = number | kMark;
    node.flow.open(syn);
    node.slot = slot;
    node.older = newest_;
    node.newer = flowstats::kNoEntry;
    (newest_ == flowstats::kNoEntry ? oldest_ : nodes_[newest_ & ~kMark].newer) = entry;
    newest_ = entry;
    size_max_ = std::max(size_max_, size());
    return entry;
  }

  void give_back(uint32_t entry) {
    const uint32_t number = entry & ~kMark;
    Node& node = nodes_[number];
    node.flow.opening.tuple.protocol = kNoProtocol;
    (node.older == flowstats::kNoEntry ? oldest_ : nodes_[node.older & ~kMark].newer) = node.newer;
    (node.newer == flowstats::kNoEntry ? newest_ : nodes_[node.newer & ~kMark].older) = node.older;
    if (node.newer != flowstats::kNoEntry) prefetch(node.newer);
    nodes_.give_back(number);
  }

 private:
  static constexpr uint32_t kMark = 1u << 31;
  static constexpr uint8_t kNoProtocol = 0;  // a free entry's key matches no segment

  struct alignas(64) Node {
    flowstats::HalfOpenFlow flow;
    uint32_t older, newer;  // entries, in order of opening
    uint32_t slot;
  };
  static_assert(sizeof(Node) <= 128);

  flowstats::EntryPool<Node> nodes_;
  uint32_t oldest_ = flowstats::kNoEntry, newest_ = flowstats::kNoEntry;
  uint32_t size_max_ = 0;
};

}  // namespace tapstat::dataplane
