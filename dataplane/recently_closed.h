/// Remembers the connections that were closed last, to tell their stragglers (a repeated FIN, the
/// last ACK, late data) from segments of connections that were never seen to open.
///
/// A fixed, direct-mapped memory of key hashes: a newer closed flow displaces an older one, so the
/// answer is a counter's, not a log's. Touched only when a flow closes or a segment finds no flow.
/// Owner thread only.
#pragma once

#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

class RecentlyClosed {
 public:
  static constexpr flowstats::Duration kLinger =
      flowstats::seconds(60);  // half of RFC 9293's 2 MSL

  RecentlyClosed() : entries_(kEntries) {}

  [[nodiscard]] size_t bytes() const { return entries_.bytes(); }
  /// See PageBlock::touch().
  void touch() { entries_.touch(); }

  void note(uint64_t hash, flowstats::Timestamp clock) {
    entries_[hash % kEntries] = {hash, clock, true};
  }
  [[nodiscard]] bool contains(uint64_t hash, flowstats::Timestamp clock) const {
    const Entry& e = entries_[hash % kEntries];
    return e.valid && e.hash == hash && elapsed(e.closed, clock) <= kLinger;
  }

 private:
  static constexpr uint32_t kEntries = 4'096;  // a power of two
  struct Entry {
    uint64_t hash = 0;
    flowstats::Timestamp closed;
    bool valid = false;
  };
  flowstats::Arena<Entry> entries_;
};

}  // namespace tapstat::dataplane
