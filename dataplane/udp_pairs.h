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
      : pairs_(capacity), table_(capacity), slots_(capacity, search_max) {}

  [[nodiscard]] size_t bytes() const { return pairs_.bytes() + table_.bytes() + slots_.bytes(); }

  /// The two stages before note(), for all datagrams of a burst.
  void prefetch(uint64_t hash) const { table_.prefetch(hash); }
  void prefetch_pair(uint64_t hash) const {
    const uint32_t slot = table_.candidate(hash);
    if (slot != flowstats::kNoEntry) __builtin_prefetch(&pairs_[slot], 1);
  }

  /// Notes a datagram. Calls sweep() first when the pair is new.
  template <class Sweep>
  void note(const flowstats::Segment& datagram, Sweep sweep) {
    const uint32_t known = table_.find(
        datagram.hash, [&](uint32_t slot) { return pairs_[slot].tuple == datagram.tuple; });
    if (known != flowstats::kNoEntry) {
      pairs_[known].last = datagram.time;
      pairs_[known].single = false;
      return;
    }
    sweep();
    const uint32_t slot = slots_.take();
    if (slot == flowstats::kNoEntry) return;
    pairs_[slot] = {datagram.tuple, datagram.hash, datagram.time, true};
    table_.insert(slot, datagram.hash);
  }

  /// Forgets the expired pairs of some classes of slots.
  void examine(SweepRange classes, flowstats::Timestamp now,
               const flowstats::FlowTimeouts& timeouts) {
    slots_.for_each_used_in_classes(
        classes, [&](uint32_t slot) { __builtin_prefetch(&pairs_[slot]); },
        [&](uint32_t slot) {
          const Pair& pair = pairs_[slot];
          const flowstats::Duration idle = elapsed(pair.last, now);
          if (idle > timeouts.udp_idle || (pair.single && idle > timeouts.udp_singleton))
            forget(slot);
        });
  }

  void restart() {
    slots_.for_each_used([this](uint32_t slot) { forget(slot); });
    slots_.restart();
  }
  /// See PageBlock::touch().
  void touch() {
    table_.touch();
    pairs_.touch();
  }

 private:
  struct alignas(64) Pair {
    flowstats::FiveTuple tuple;
    uint64_t hash = 0;
    flowstats::Timestamp last;
    bool single = true;  // one datagram so far
  };

  void forget(uint32_t slot) {
    table_.erase(slot, pairs_[slot].hash);
    slots_.give_back(slot);
  }

  flowstats::Arena<Pair> pairs_;  // by slot
  FlowTable table_;
  SlotSet slots_;
};

}  // namespace tapstat::dataplane
