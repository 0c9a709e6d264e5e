/// The UDP conversations that Tstat's table sweep is timed by (tstat mode): no statistics, only who
/// is known.
///
/// A datagram of an unknown pair makes the sweep run, so which pairs are still known decides when
/// TCP flows expire (golden case udp_singleton). Owner thread only.
#pragma once

#include "dataplane/flow_table.h"
#include "dataplane/slot_set.h"
#include "dataplane/tstat_sweep.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

class UdpPairs {
 public:
  UdpPairs(uint32_t capacity, uint32_t search_max)
      : table_(capacity), slots_(SlotSet::with_cursor(capacity, search_max)) {}

  void prefetch(uint64_t hash) const { table_.prefetch(hash); }

  /// Notes a datagram. Calls sweep() first when the pair is new.
  template <class Sweep>
  void note(const flowstats::Segment& datagram, Sweep sweep) {
    const uint32_t known = table_.find(datagram.tuple, datagram.hash);
    if (known != flowstats::kNoEntry) {
      table_[known].last = datagram.time;
      table_[known].single = false;
      return;
    }
    sweep();
    const uint32_t slot = slots_.take();
    if (slot == flowstats::kNoEntry) return;
    table_[slot] = {datagram.tuple, datagram.hash, datagram.time, true};
    table_.insert(slot, datagram.hash);
  }

  /// Forgets the expired pairs of a class of slots.
  void examine(uint32_t slot_class, flowstats::Timestamp now,
               const flowstats::FlowTimeouts& timeouts) {
    slots_.for_each_used_in_class(slot_class, [&](uint32_t slot) {
      const Pair& pair = table_[slot];
      const flowstats::Duration idle = elapsed(pair.last, now);
      if (idle > timeouts.udp_idle || (pair.single && idle > timeouts.udp_singleton)) forget(slot);
    });
  }

  void restart() {
    slots_.for_each_used([this](uint32_t slot) { forget(slot); });
    slots_.restart();
  }
  [[nodiscard]] size_t bytes() const { return table_.bytes(); }

 private:
  struct Pair {
    flowstats::FiveTuple tuple;
    uint64_t hash = 0;
    flowstats::Timestamp last;
    bool single = true;  // one datagram so far
  };

  void forget(uint32_t slot) {
    table_.erase(slot, table_[slot].hash);
    slots_.give_back(slot);
  }

  FlowTable<Pair> table_;
  SlotSet slots_;
};

}  // namespace tapstat::dataplane
