/// Where a worker's TCP flows live: a fixed number of entries, handed out by number.
///
/// Last in, first out, so that lines that are still warm are used again; entries that were never
/// used come last, so that memory is only touched when it is needed. A free entry's key matches no
/// segment: a number that was looked up before the entry was given back can still be compared.
/// Owner thread only; never allocates after construction.
#pragma once

#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/flow.h"

namespace tapstat::dataplane {

class FlowPool {
 public:
  explicit FlowPool(uint32_t capacity) : flows_(capacity) {}

  [[nodiscard]] flowstats::TcpFlow& operator[](uint32_t entry) { return flows_[entry]; }
  [[nodiscard]] const flowstats::TcpFlow& operator[](uint32_t entry) const { return flows_[entry]; }
  [[nodiscard]] uint32_t capacity() const { return flows_.capacity(); }
  [[nodiscard]] size_t bytes() const { return flows_.bytes(); }
  /// See PageBlock::touch().
  void touch() { flows_.touch(); }

  /// kNoEntry when all are in use. The caller opens the flow, which gives it a key.
  [[nodiscard]] uint32_t take() {
    if (free_ == flowstats::kNoEntry)
      return untouched_ < flows_.capacity() ? untouched_++ : flowstats::kNoEntry;
    const uint32_t entry = free_;
    free_ = static_cast<uint32_t>(flows_[entry].tuple.a_address.low);
    if (free_ != flowstats::kNoEntry) __builtin_prefetch(&flows_[free_], 1);
    return entry;
  }
  void give_back(uint32_t entry) {
    flowstats::FiveTuple& key = flows_[entry].tuple;
    key.protocol = kNoProtocol;
    key.a_address.low = free_;  // the list of free entries goes through their keys
    free_ = entry;
  }

  /// Calls examine(entry) for the used entries, ascending; examine may give the entry back.
  template <class Examine>
  void for_each_used(Examine examine) const {
    for (uint32_t entry = 0; entry < untouched_; ++entry)
      if (flows_[entry].tuple.protocol != kNoProtocol) examine(entry);
  }

  /// Back to the state before the first flow; all entries must be free.
  void restart() {
    free_ = flowstats::kNoEntry;
    untouched_ = 0;
  }

 private:
  static constexpr uint8_t kNoProtocol = 0;  // of no TCP segment

  flowstats::Arena<flowstats::TcpFlow> flows_;
  uint32_t free_ = flowstats::kNoEntry;
  uint32_t untouched_ = 0;  // entries from here on were never used
};

}  // namespace tapstat::dataplane
