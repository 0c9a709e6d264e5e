/// A worker's UDP conversations: finds the flow of a datagram, opens, counts, inspects and ends
/// flows, and hands out their records.
///
/// The same table machinery as TCP's, with time-outs of its own. In tstat mode flows live in the
/// original's slots: a datagram of an unknown pair makes the sweep of both tables run, so which
/// pairs are known decides when TCP flows expire, too (golden case udp_singleton). In corrected
/// mode flows of a single datagram wait in a queue, and the second one puts them into a timer
/// wheel. Of a full table the oldest single one goes; a part of the places is kept for those, so
/// that a flood of datagrams from anywhere never takes the place of a conversation. Owner thread
/// only; nothing allocates after construction.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/entry_queue.h"
#include "dataplane/expiry_wheel.h"
#include "dataplane/flow_intervals.h"
#include "dataplane/flow_rate.h"
#include "dataplane/flow_table.h"
#include "dataplane/record_outlet.h"
#include "dataplane/slot_set.h"
#include "dataplane/tstat_sweep.h"
#include "flowstats/base/entry_pool.h"
#include "flowstats/layer7/udp_inspector.h"
#include "flowstats/measurement.h"
#include "flowstats/udp_flow.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

class UdpFlows {
 public:
  /// The references outlive it.
  UdpFlows(const flowstats::Measurement& measurement, const flowstats::NetworkList& internal,
           FlowRate& new_flows, RecordOutlet& outlet);

  /// The two stages before add(), for all datagrams of a burst.
  void prefetch(uint64_t hash) const { table_.prefetch(hash); }
  void prefetch_flow(uint64_t hash) const {
    const uint32_t entry = table_.candidate(hash);
    if (entry != flowstats::kNoEntry) flows_[entry].prefetch();
  }

  /// Applies a datagram. Calls sweep() first when it opens a flow in tstat mode. False: it was not
  /// analysed, because the table had no room or too many flows were opened in this second.
  template <class Sweep>
  [[nodiscard]] bool add(const flowstats::Segment& datagram, Sweep sweep) {
    uint32_t entry = find(datagram);
    if (entry == flowstats::kNoEntry) {
      if (!new_flows_.admits(datagram.clock)) {
        refuse(flowstats::Counter::dropped_flow_rate, flowstats::Counter::udp_flows_refused_rate);
        return false;
      }
      if (is_tstat_) sweep();
      entry = open(datagram);
      if (entry == flowstats::kNoEntry) return false;
    }
    update(entry, datagram);
    return true;
  }

  /// Tstat mode: ends the expired flows of some classes of slots.
  void examine(SweepRange classes, flowstats::Timestamp now);
  /// Corrected mode: ends what is overdue, a bounded number of flows at a time.
  void expire(flowstats::Timestamp clock);
  /// End of a trace: ends all flows.
  void finish(flowstats::Timestamp last_frame);

  /// Adds what the inspector had to leave out to the counters.
  void count_events();

  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] size_t bytes_on_use() const { return intervals_.bytes() + inspector_.bytes(); }
  /// See PageBlock::touch().
  void touch();

 private:
  [[nodiscard]] uint32_t find(const flowstats::Segment& datagram);
  [[nodiscard]] uint32_t open(const flowstats::Segment& datagram);
  [[nodiscard]] uint32_t take_place();
  void refuse(flowstats::Counter reason, flowstats::Counter flows);
  void update(uint32_t entry, const flowstats::Segment& datagram);
  void join_conversations(uint32_t entry);
  void evict_conversation();
  void evict(uint32_t entry);
  void inspect(flowstats::UdpFlow& flow, const flowstats::Segment& datagram);
  void hand_out_dns(const flowstats::UdpFlow& flow, const flowstats::layer7::UdpDatagramView& view);
  void close(uint32_t entry);
  void hand_out(const flowstats::UdpFlow& flow);
  void hand_out_streams(const flowstats::UdpFlow& flow);
  void close_if_idle(uint32_t entry, flowstats::Timestamp now);

  const flowstats::Measurement& measurement_;
  const flowstats::NetworkList& internal_;
  FlowRate& new_flows_;
  RecordOutlet& outlet_;
  bool is_tstat_;
  flowstats::EntryPool<flowstats::UdpFlow> flows_;  // tstat mode: by slot
  FlowTable table_;
  SlotSet slots_;       // tstat mode
  EntryQueue singles_;  // corrected mode, as the two that follow
  ExpiryWheel wheel_;   // conversations
  uint32_t conversations_max_;
  UdpIntervals intervals_;
  flowstats::layer7::UdpInspector inspector_;
  uint64_t streams_refused_ = 0, handshakes_refused_ = 0;  // that the counters know
};

}  // namespace tapstat::dataplane
