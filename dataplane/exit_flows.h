/// The connections of one worker's packets as exit records see them: attached to the flows of the
/// logs, and living on where those end.
///
/// A flow of the logs ends by Tstat's rules, a connection when both ends have closed it and
/// stragglers had time to come. So a connection has a place of its own: packets find it through the
/// flow's entry, at the cost of one look, and once the logs have let the flow go, through a table
/// here, which only packets without a flow are looked up in. One timer for each connection decides
/// no value: what is overdue when its next packet comes ends there, by the same rule. What the
/// worker tells (exit_feed.h) may have gaps. Owner thread only; nothing allocates after
/// construction.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/expiry_wheel.h"
#include "dataplane/flow_table.h"
#include "dataplane/record_outlet.h"
#include "dataplane/shard_place.h"
#include "flowstats/base/arena.h"
#include "flowstats/base/entry_pool.h"
#include "flowstats/exit/exit_flow.h"
#include "flowstats/exit/exit_segments.h"
#include "flowstats/measurement.h"
#include "flowstats/wire/network_list.h"
#include "flowstats/wire/segment.h"

namespace tapstat::dataplane {

class ExitFlows {
 public:
  /// Flows of the logs are named by their entries, below `flows_max`. The references outlive it.
  ExitFlows(const flowstats::Measurement& measurement, const flowstats::NetworkList& internal,
            uint32_t flows_max, ShardPlace shard, RecordOutlet& outlet);

  /// The entry's connection will probably be needed: first its place, then itself.
  void prefetch_place(uint32_t entry) const { __builtin_prefetch(&places_[entry]); }
  void prefetch(uint32_t entry, flowstats::Direction direction, bool has_payload) const {
    const uint32_t place = places_[entry];
    if (place != kNone) flows_[place - 1].prefetch(direction, has_payload);
  }
  /// A flow of the logs begins with its first packet; one that repeats the SYN of a connection that
  /// lives on here goes on with that. Counts the packet.
  void begin(uint32_t entry, const flowstats::Segment& first);
  /// A packet of the flow; its five-tuple is looked at when it is a SYN only. Its logs may take a
  /// SYN for their own that begins another connection.
  void on_segment(uint32_t entry, const flowstats::Segment& segment) {
    const uint32_t place = places_[entry];
    if (place != kNone && follow(place - 1, segment)) [[likely]]
      return;
    if (segment.has(flowstats::tcp_flag::kSyn)) [[unlikely]]
      begin_again(entry, segment);
  }
  /// The logs let the flow go.
  void let_go(uint32_t entry);
  /// A packet of no flow of the logs.
  void on_stray(const flowstats::Segment& segment);
  /// A flow of the logs that had one packet and never a connection here.
  void on_single(const flowstats::Segment& syn);

  /// Ends everything that is overdue, to a second: what ends later has a later poll.
  void expire(flowstats::Timestamp clock);
  /// End of a trace: ends all connections.
  void finish(flowstats::Timestamp clock);

  /// Adds what had to be left out to the counters.
  void count_events();

  [[nodiscard]] size_t bytes() const;
  /// See PageBlock::touch().
  void touch();

 private:
  static constexpr uint32_t kNone = 0;  // of places_ and holders_
  /// Of holders_: the connection has no flow of the logs any more; else its entry, from kFirst.
  static constexpr uint32_t kAlone = 1, kFirst = 2;

  enum class End : uint8_t { closed, replaced, silent, stopped };
  [[nodiscard]] uint32_t find(const flowstats::Segment& segment) const;
  [[nodiscard]] uint32_t next_cid();
  [[nodiscard]] uint64_t hash_of(uint32_t place) const;
  [[nodiscard]] flowstats::Duration patience_with(const flowstats::ExitFlow& flow) const;
  [[nodiscard]] flowstats::Timestamp due(const flowstats::ExitFlow& flow) const {
    return flow.last_clock() + patience_with(flow);
  }
  void open(flowstats::ExitFlow& flow, const flowstats::Segment& first);
  /// False: the connection was over, and the packet is none of it.
  [[nodiscard]] bool follow(uint32_t place, const flowstats::Segment& segment);
  void apply_any(uint32_t place, const flowstats::Segment& segment);
  void begin_again(uint32_t entry, const flowstats::Segment& segment);
  [[nodiscard]] bool ends_before(uint32_t place, const flowstats::Segment& segment);
  void end_overdue(uint32_t place, flowstats::Timestamp deadline);
  void examine(uint32_t place, flowstats::Timestamp clock);
  void end(uint32_t place, End why, flowstats::Timestamp poll);
  void close(const flowstats::ExitFlow& flow, End why, flowstats::Timestamp poll);
  void hand_out(const flowstats::ExitFlow& flow, flowstats::ExitFlow::View view,
                flowstats::Timestamp poll);
  void release(uint32_t place);

  const flowstats::Measurement& measurement_;
  const flowstats::ExitRecords& settings_;
  const flowstats::NetworkList& internal_;
  RecordOutlet& outlet_;
  const ShardPlace shard_;
  uint32_t connections_ = 0;            // numbered so far
  flowstats::Arena<uint32_t> places_;   // by entry of the logs: from 1, or kNone
  flowstats::Arena<uint32_t> holders_;  // by place
  flowstats::EntryPool<flowstats::ExitFlow> flows_;
  flowstats::ExitSegments segments_;
  FlowTable table_;  // of those that are alone
  ExpiryWheel wheel_;
  uint64_t segments_exhausted_ = 0;  // that the counter knows
};

}  // namespace tapstat::dataplane
