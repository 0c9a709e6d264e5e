/// A worker's flows: looks segments up, opens, updates, expires and closes flows, hands out their
/// records.
///
/// Everything between a parsed segment and a record, without DPDK or I/O, so that it runs the same
/// in a worker, in a benchmark and in a test. One owner thread. Nothing allocates after
/// construction.
#pragma once

#include <cstdint>
#include <span>

#include "dataplane/duplicate_filter.h"
#include "dataplane/expiry_wheel.h"
#include "dataplane/flow_table.h"
#include "dataplane/recently_closed.h"
#include "dataplane/record_ring.h"
#include "dataplane/slot_set.h"
#include "dataplane/tstat_sweep.h"
#include "dataplane/udp_pairs.h"
#include "flowstats/base/counters.h"
#include "flowstats/flow.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

class FlowShard {
 public:
  /// The references outlive the shard.
  FlowShard(const flowstats::Measurement& measurement, const flowstats::NetworkList& internal,
            RecordRing& records, flowstats::CounterBlock& counters);

  /// Time of an IP packet of any protocol, before the burst it belongs to; only the first one
  /// matters.
  void note_ip_packet(flowstats::Timestamp time) { sweep_.start_at(time); }

  /// Applies parsed segments and datagrams in order. Records of flows that end are stamped with
  /// `epoch`.
  void process(std::span<const flowstats::Segment> burst, uint32_t epoch);

  /// End of a trace: closes every flow, first those that are idle with respect to `last_frame` (in
  /// corrected mode: the capture clock), then the rest as not complete. The shard is then as new.
  void finish(flowstats::Timestamp last_frame, uint32_t epoch);

  /// Any thread.
  [[nodiscard]] uint64_t flows_open() const {
    return counters_.get(flowstats::Counter::flows_created) -
           counters_.get(flowstats::Counter::flows_exported) -
           counters_.get(flowstats::Counter::flows_dropped_not_local) -
           counters_.get(flowstats::Counter::flows_dropped_queue_full);
  }
  [[nodiscard]] size_t bytes() const;

 private:
  [[nodiscard]] bool tstat_mode() const { return measurement_.mode == flowstats::Mode::tstat; }
  void on_tcp(const flowstats::Segment& segment);
  void on_stray(const flowstats::Segment& segment);
  void on_udp(const flowstats::Segment& datagram);
  [[nodiscard]] bool must_make_way(const flowstats::TcpFlow& flow,
                                   const flowstats::Segment& segment) const;
  [[nodiscard]] uint32_t open_flow(const flowstats::Segment& syn);
  void sweep(flowstats::Timestamp now);
  void turn_wheel();
  void close(uint32_t slot, flowstats::FlowEnd end);
  void count_tracker_events();

  const flowstats::Measurement& measurement_;
  const flowstats::NetworkList& internal_;
  RecordRing& records_;
  flowstats::CounterBlock& counters_;
  FlowTable<flowstats::TcpFlow> flows_;
  SlotSet slots_;
  flowstats::SegmentRecordPool segment_records_;
  flowstats::TrackerContext tracker_context_;
  UdpPairs udp_pairs_;
  TstatSweep sweep_;
  ExpiryWheel<FlowTable<flowstats::TcpFlow>> wheel_;
  DuplicateFilter duplicates_;
  RecentlyClosed recently_closed_;
  flowstats::Timestamp clock_ = flowstats::kNever;  // capture clock of the latest segment
  uint32_t epoch_ = 0;
};

}  // namespace tapstat::dataplane
