/// The lines of log_tcp_periodic add up to the row of their flow, whatever the flow's packets did.
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/property/arbitrary_step.h"
#include "tests/property/shard_rig.h"

namespace tapstat::tests {
namespace {

using flowstats::Counter;
using flowstats::Duration;
using flowstats::Log;
using flowstats::Mode;
using flowstats::RecordKind;
using flowstats::TcpIntervalRecord;
using flowstats::TcpRecord;
using Lines = std::vector<TcpIntervalRecord>;

/// Lines, and the flow that ended with the last of them.
struct FlowAndLines {
  Lines lines;
  TcpRecord flow;
};

/// A flow's lines come before its record, and two flows of one five-tuple never live together.
std::vector<FlowAndLines> flows_of(const Drained& drained) {
  using Key = std::tuple<uint16_t, uint16_t, flowstats::IpVersion>;  // of the few connections
  std::map<Key, Lines> open;
  std::vector<FlowAndLines> flows;
  for (const flowstats::RecordHead* head : drained.all()) {
    if (head->kind == RecordKind::tcp_interval) {
      const auto& line = *static_cast<const TcpIntervalRecord*>(head);
      open[{line.ends.port[0], line.ends.port[1], line.ends.ip_version}].push_back(line);
    } else if (head->kind == RecordKind::tcp_flow) {
      const auto& flow = *static_cast<const TcpRecord*>(head);
      Lines& lines = open[{flow.port[0], flow.port[1], flow.ip_version}];
      flows.push_back({std::exchange(lines, {}), flow});
    }
  }
  for (const auto& [key, lines] : open) RC_ASSERT(lines.empty());
  return flows;
}

std::vector<FlowAndLines> measured(const std::vector<Step>& steps, Mode mode, Duration interval) {
  const SegmentSource source(frames_of(steps, {}), {mode, dataplane::LinkType::ethernet,
                                                    flowstats::Measurement{}.hash_seed});
  flowstats::Measurement measurement = small_measurement(mode);
  measurement.log_interval = interval;
  const flowstats::NetworkList internal;
  const auto counters = std::make_unique<flowstats::CounterBlock>();
  dataplane::RecordRing ring(1024, dataplane::RecordRing::WhenFull::drop);
  dataplane::FlowShard shard(measurement, internal, ring, *counters);
  flowstats::ActiveConfig config;
  config.logs.set(Log::tcp_periodic, true);
  shard.follow(config);
  flowstats::Timestamp last;
  for (const flowstats::Segment& segment : source.segments()) {
    shard.note_ip_packet(segment.time);
    shard.process({&segment, 1}, 1);
    last = mode == Mode::tstat ? segment.time : segment.clock;
  }
  shard.finish(last, 1);
  RC_ASSERT(counters->get(Counter::events_dropped_queue_full) == 0U);
  return flows_of(Drained(ring));
}

uint64_t sum(const Lines& lines, size_t side, uint64_t TcpIntervalRecord::Half::*field) {
  uint64_t all = 0;
  for (const TcpIntervalRecord& line : lines) all += line.halves[side].*field;
  return all;
}

void assert_adds_up(const FlowAndLines& found, size_t side) {
  using Half = TcpIntervalRecord::Half;
  const flowstats::TcpHalf& flow = found.flow.halves[side];
  const auto adds_up = [&](uint64_t Half::*field, uint64_t total) {
    RC_ASSERT(sum(found.lines, side, field) == total);
  };
  adds_up(&Half::packets, flow.core.packets);
  adds_up(&Half::rsts, flow.core.rsts);
  adds_up(&Half::acks, flow.core.acks);
  adds_up(&Half::pure_acks, flow.core.pure_acks);
  adds_up(&Half::bytes_unique, flow.core.bytes_unique);
  adds_up(&Half::data_packets, flow.core.data_packets);
  adds_up(&Half::bytes, flow.core.bytes);
  adds_up(&Half::packets_retransmitted, flow.core.packets_retransmitted);
  adds_up(&Half::bytes_retransmitted, flow.core.bytes_retransmitted);
  adds_up(&Half::packets_out_of_order, flow.core.packets_out_of_order);
  adds_up(&Half::syns, flow.core.syns);
  adds_up(&Half::fins, flow.core.fins);
  adds_up(&Half::rtt_samples, flow.end_to_end.rtt_samples);
  adds_up(&Half::sacks, flow.options.sack_segments);
  double rtt_sum_us = 0;
  for (const TcpIntervalRecord& line : found.lines) {
    const Half& half = line.halves[side];
    rtt_sum_us += half.rtt_average_ms * 1000 * static_cast<double>(half.rtt_samples);
  }
  RC_ASSERT(std::abs(rtt_sum_us - flow.end_to_end.rtt_sum_us) <= 1e-6 * rtt_sum_us + 1e-3);
}

/// In tstat mode the segment that shows a flow to be half-duplex may begin the last line, but is
/// not counted.
void assert_follow_each_other(const FlowAndLines& found, Mode mode, Duration interval) {
  RC_ASSERT(!found.lines.empty());
  RC_ASSERT(found.lines.front().start == found.flow.first);
  RC_ASSERT(found.lines.back().end == found.flow.last);
  for (size_t i = 0; i < found.lines.size(); ++i) {
    const TcpIntervalRecord& line = found.lines[i];
    RC_ASSERT(line.flow_first == found.flow.first);
    const bool may_be_empty = mode == Mode::tstat && i + 1 == found.lines.size();
    RC_ASSERT(may_be_empty || line.halves[0].packets + line.halves[1].packets > 0U);
    if (i > 0) RC_ASSERT(line.start - found.lines[i - 1].start > interval);
  }
}

RC_GTEST_PROP(IntervalLaws, LinesAddUpToTheirFlow, (const std::vector<Step>& steps)) {
  const Mode mode = *rc::gen::element(Mode::tstat, Mode::corrected);
  const Duration interval{*rc::gen::inRange<int64_t>(1, 2'000'000)};
  for (const FlowAndLines& found : measured(steps, mode, interval)) {
    assert_follow_each_other(found, mode, interval);
    for (const size_t side : {0, 1}) assert_adds_up(found, side);
  }
}

}  // namespace
}  // namespace tapstat::tests
