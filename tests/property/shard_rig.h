/// Segments -> flow shards -> rows as text: what the laws compare.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/flow_shard.h"
#include "dataplane/record_ring.h"
#include "exporters/tstat_log.h"
#include "tests/support/flow_records.h"
#include "tests/support/segment_source.h"

namespace tapstat::tests {

struct ShardOutcome {
  std::vector<flowstats::TcpRecord>
      records;  // in the order in which the rings gave them, shard after shard
  flowstats::CounterValues counters;  // of all shards

  /// All columns of all groups, as the log would show them; "+" in front of complete flows.
  [[nodiscard]] std::vector<std::string> rows() const {
    std::vector<std::string> rows;
    for (const flowstats::TcpRecord& record : records) {
      exporters::RowBuffer text;
      exporters::append_row(
          text,
          {flowstats::Schema::tstat_3_3, flowstats::Log::tcp_complete, flowstats::GroupMask::all()},
          record);
      rows.push_back((record.complete ? "+" : "-") + std::string(text.text()));
    }
    return rows;
  }
  [[nodiscard]] std::vector<std::string> sorted_rows() const {
    auto all = rows();
    std::sort(all.begin(), all.end());
    return all;
  }
};

/// How segments are handed out. `burst_size` is asked for the size of each next burst (at least 1).
struct ShardPlan {
  flowstats::Measurement measurement;
  unsigned shards = 1;
  std::function<size_t()> burst_size = [] { return size_t{32}; };
};

/// Small tables: the laws are about behaviour, and thousands of shards are made.
[[nodiscard]] inline flowstats::Measurement small_measurement(flowstats::Mode mode,
                                                              uint32_t flows = 64) {
  flowstats::Measurement measurement;
  measurement.mode = mode;
  measurement.limits.tcp_flows_max = flows;
  measurement.limits.udp_flows_max = 64;
  measurement.limits.segment_records_max = 4096;
  return measurement;
}

[[nodiscard]] inline ShardOutcome run_shards(const std::vector<flowstats::Segment>& segments,
                                             const ShardPlan& plan) {
  using dataplane::RecordRing;
  ShardOutcome outcome;
  const flowstats::NetworkList internal;
  flowstats::Timestamp last = flowstats::kNever, clock = flowstats::kNever;
  if (!segments.empty()) {
    last = segments.back().time;
    clock = segments.back().clock;
  }
  for (unsigned shard = 0; shard < plan.shards; ++shard) {
    const auto counters = std::make_unique<flowstats::CounterBlock>();
    RecordRing ring(1024, RecordRing::WhenFull::drop);
    dataplane::FlowShard flows(plan.measurement, internal, ring, *counters);
    std::vector<flowstats::Segment> mine;
    for (const flowstats::Segment& s : segments)
      if ((s.hash >> 32) % plan.shards == shard) mine.push_back(s);
    if (!mine.empty()) flows.note_ip_packet(mine.front().time);
    for (size_t at = 0; at < mine.size();) {
      const size_t size = std::min(plan.burst_size(), mine.size() - at);
      flows.process({mine.data() + at, size}, 1);
      at += size;
    }
    flows.finish(plan.measurement.mode == flowstats::Mode::tstat ? last : clock, 1);
    std::vector<flowstats::TcpRecord> drained(1024);
    drained.resize(tests::drain_flows(ring, drained));
    outcome.records.insert(outcome.records.end(), drained.begin(), drained.end());
    outcome.counters += counters->snapshot();
  }
  return outcome;
}

}  // namespace tapstat::tests
