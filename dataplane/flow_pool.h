/// Where a worker's TCP flows live: a fixed number of entries, handed out by number.
///
/// A free entry's key matches no segment: a number that was looked up before the entry was given
/// back can still be compared. Owner thread only; never allocates after construction.
#pragma once

#include <cstdint>

#include "flowstats/base/entry_pool.h"
#include "flowstats/flow.h"

namespace tapstat::dataplane {

class FlowPool {
 public:
  explicit FlowPool(uint32_t capacity) : flows_(capacity) {}

  [[nodiscard]] flowstats::TcpFlow& operator[](uint32_t entry) { return flows_[entry]; }
  [[nodiscard]] const flowstats::TcpFlow& operator[](uint32_t entry) const { return flows_[entry]; }
  [[nodiscard]] uint32_t capacity() const { return flows_.capacity(); }
  [[nodiscard]] uint32_t in_use() const { return flows_.in_use(); }
  [[nodiscard]] size_t bytes() const { return flows_.bytes(); }
  /// See PageBlock::touch().
  void touch() { flows_.touch(); }

  /// kNoEntry when all are in use. The caller opens the flow, which gives it a key.
  [[nodiscard]] uint32_t take() { return flows_.take(); }
  void give_back(uint32_t entry) {
    flows_[entry].tuple.protocol = kNoProtocol;
    flows_.give_back(entry);
  }

  /// Calls examine(entry) for the used entries, ascending; examine may give the entry back.
  template <class Examine>
  void for_each_used(Examine examine) const {
    for (uint32_t entry = 0; entry < flows_.untouched_from(); ++entry)
      if (flows_[entry].tuple.protocol != kNoProtocol) examine(entry);
  }

  /// Back to the state before the first flow; all entries must be free.
  void restart() { flows_.restart(); }

 private:
  static constexpr uint8_t kNoProtocol = 0;  // of no TCP segment

  flowstats::EntryPool<flowstats::TcpFlow> flows_;
};

}  // namespace tapstat::dataplane
