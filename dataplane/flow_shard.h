/// A worker's flows: looks segments up, opens, updates, expires and closes flows, hands out their
/// records.
///
/// Everything between a parsed segment and a record, without DPDK or I/O, so that it runs the same
/// in a worker, in a benchmark and in a test. A flow begins in the nursery and moves to the pool
/// with its second segment; the table knows where it is. In corrected mode each of the two has room
/// of its own: a half-open flow takes the place of another one only, the oldest, whatever floods
/// the link. One owner thread. Nothing allocates after construction.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/duplicate_filter.h"
#include "dataplane/exit_feed.h"
#include "dataplane/expiry_wheel.h"
#include "dataplane/flow_intervals.h"
#include "dataplane/flow_pool.h"
#include "dataplane/flow_rate.h"
#include "dataplane/flow_table.h"
#include "dataplane/nursery.h"
#include "dataplane/recently_closed.h"
#include "dataplane/record_ring.h"
#include "dataplane/slot_set.h"
#include "dataplane/tcp_payload.h"
#include "dataplane/tstat_sweep.h"
#include "dataplane/udp_flows.h"
#include "flowstats/base/counters.h"
#include "flowstats/flow.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

class FlowShard {
 public:
  /// `exits`: where segments are told for exit records; nullptr: nobody wants to know. The
  /// references outlive the shard.
  FlowShard(const flowstats::Measurement& measurement, const flowstats::NetworkList& internal,
            RecordRing& records, flowstats::CounterBlock& counters, ExitFeed* exits = nullptr);

  /// Time of an IP packet of any protocol, before the burst it belongs to; only the first one
  /// matters.
  void note_ip_packet(flowstats::Timestamp time) { sweep_.start_at(time); }

  /// Which logs are written from now on: what only a log needs is made for it alone.
  void follow(const flowstats::ActiveConfig& config) { outlet_.logs = config.logs; }

  /// Applies parsed segments and datagrams in order; their hashes are made with the measurement's
  /// seed. Records of flows that end are stamped with `epoch`.
  void process(std::span<const flowstats::Segment> burst, uint32_t epoch);

  /// Every packet for this shard up to this capture clock has been processed: flows that are
  /// overdue end, in corrected mode, and the writer need not wait for what it could still learn.
  void pass_time(flowstats::Timestamp clock, uint32_t epoch);
  /// No packet will follow.
  void close_records() {
    records_.publish(flowstats::kAlways);
    if (exits_ != nullptr) exits_->advance(flowstats::kAlways);
  }

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
  /// Reserved, the ring's included; and the part of it that touch() leaves to be brought in with
  /// the first use of each page: what few flows need, and what only some logs do.
  [[nodiscard]] size_t bytes() const;
  [[nodiscard]] size_t bytes_on_use() const {
    return nursery_.bytes() + payload_.bytes() + intervals_.bytes() + udp_flows_.bytes_on_use() +
           tracker_context_.bytes();
  }

  /// Brings the other memory in, on the memory node of the calling thread: the owner, before the
  /// first packet.
  void touch();

  /// How the memory was used so far. Owner thread, or any other once that has stopped.
  struct Use {
    uint32_t flows_max = 0;  // capacity
    uint32_t flows_peak = 0, half_open_peak = 0;
    double table_load_peak = 0;  // of the places of the index
    uint32_t longest_probe = 0;  // buckets
  };
  [[nodiscard]] Use use() const;

 private:
  static constexpr size_t kBurst = 64;  // segments that are looked up together

  [[nodiscard]] bool tstat_mode() const { return measurement_.mode == flowstats::Mode::tstat; }

  // flow_shard.cc: the stages of a burst.
  void process_together(std::span<const flowstats::Segment> burst);
  void prefetch_buckets(std::span<const flowstats::Segment> burst) const;
  void find_candidates(std::span<const flowstats::Segment> burst, uint32_t* candidates) const;
  struct Together;
  inline void on_tcp(const flowstats::Segment& segment, uint32_t candidate, Together& together);
  void on_rare_tcp(const flowstats::Segment& segment, Together& together);
  void on_closed(const flowstats::Segment& segment, Together& together);
  void on_udp(const flowstats::Segment& datagram, Together& together);
  void tell_before(size_t i, Together& together);
  void update(uint32_t entry, const flowstats::Segment& segment);
  void on_stray(const flowstats::Segment& segment);
  [[nodiscard]] bool is_entry_of(uint32_t entry, const flowstats::FiveTuple& tuple) const;
  [[nodiscard]] bool must_make_way(const flowstats::TcpFlow& flow,
                                   const flowstats::Segment& segment) const;
  void count_events();

  // flow_turnover.cc: how flows come and go.
  void open_flow(const flowstats::Segment& syn);
  [[nodiscard]] uint32_t promote(uint32_t half_open);
  std::optional<flowstats::FlowEnd> start(uint32_t entry, const flowstats::Segment& syn,
                                          uint32_t slot);
  void open_half_open(const flowstats::Segment& syn, uint32_t slot);
  void refuse(flowstats::Counter reason, flowstats::Counter flows);
  void make_room();
  void close(uint32_t entry, flowstats::FlowEnd end);
  void close_half_open(uint32_t entry);
  void hand_out(uint32_t entry, const flowstats::TcpFlow& flow, flowstats::FlowEnd end);
  void unlist(uint32_t entry, uint32_t slot, uint64_t hash);
  void prefetch_slot(uint32_t slot) const;
  void close_if_idle(uint32_t slot, flowstats::Timestamp now);
  void sweep(flowstats::Timestamp now);
  void expire(flowstats::Timestamp clock);
  void examine(uint32_t entry);

  const flowstats::Measurement& measurement_;
  const flowstats::NetworkList& internal_;
  RecordRing& records_;
  flowstats::CounterBlock& counters_;
  RecordOutlet outlet_;
  FlowTable table_;
  FlowPool flows_;
  Nursery nursery_;
  SlotSet slots_;                             // tstat mode, as the two that follow
  flowstats::Arena<uint32_t> entry_of_slot_;  // full or half-open
  flowstats::Arena<uint32_t> slot_of_flow_;   // by entry of the pool
  FlowRate new_flows_;
  UdpFlows udp_flows_;
  TcpPayload payload_;
  TcpIntervals intervals_;
  ExitFeed* const exits_;
  TstatSweep sweep_;
  ExpiryWheel wheel_;  // corrected mode
  flowstats::TrackerContext tracker_context_;
  DuplicateFilter duplicates_;
  RecentlyClosed recently_closed_;
  flowstats::Duration shortest_timeout_;
  uint64_t not_analysed_ = 0;  // segments of the burst that were left out
};

}  // namespace tapstat::dataplane
