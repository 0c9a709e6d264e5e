/// A flow that waits in the nursery until its second segment gives the same rows as one that has a
/// full entry from the start, whatever follows its SYN.
#include <algorithm>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/property/arbitrary_step.h"
#include "tests/property/shard_rig.h"

namespace tapstat::tests {

/// One packet of a crowd of connections that hardly get beyond their SYNs.
struct FloodStep {
  uint8_t connection = 0;
  bool from_server = false;
  uint8_t flags = 0;
  uint8_t isn = 0;  // few different ones: repeated SYNs and reused ports
  uint16_t payload = 0;
  uint32_t pause_us = 0;
};

inline void showValue(const FloodStep& step, std::ostream& out) {
  out << "{connection " << int{step.connection} << (step.from_server ? " server" : " client")
      << " flags " << int{step.flags} << " isn " << int{step.isn} << " payload " << step.payload
      << " pause " << step.pause_us << '}';
}

}  // namespace tapstat::tests

namespace rc {

template <>
struct Arbitrary<tapstat::tests::FloodStep> {
  static Gen<tapstat::tests::FloodStep> arbitrary() {
    using tapstat::tests::FloodStep;
    namespace tcp_flag = tapstat::flowstats::tcp_flag;
    const auto flags = gen::weightedOneOf<uint8_t>(
        {{16, gen::just(tcp_flag::kSyn)},
         {4, gen::just(static_cast<uint8_t>(tcp_flag::kSyn | tcp_flag::kAck))},
         {4, gen::just(tcp_flag::kAck)},
         {1, gen::just(tcp_flag::kRst)},
         {1, gen::just(static_cast<uint8_t>(tcp_flag::kFin | tcp_flag::kAck))},
         {1, gen::just(static_cast<uint8_t>(tcp_flag::kSyn | tcp_flag::kRst))},
         {1, gen::just(static_cast<uint8_t>(tcp_flag::kSyn | tcp_flag::kFin))},
         {1, gen::inRange<uint8_t>(0, 64)}});
    const auto pause =
        gen::weightedOneOf<uint32_t>({{20, gen::inRange<uint32_t>(0, 2'000)},
                                      {8, gen::inRange<uint32_t>(100'000, 4'000'000)},
                                      {1, gen::inRange<uint32_t>(9'000'000, 320'000'000)}});
    return gen::build<FloodStep>(
        gen::set(&FloodStep::connection, gen::inRange<uint8_t>(0, 24)),
        gen::set(&FloodStep::from_server,
                 gen::map(gen::inRange(0, 4), [](int n) { return n == 0; })),
        gen::set(&FloodStep::flags, flags), gen::set(&FloodStep::isn, gen::inRange<uint8_t>(0, 3)),
        gen::set(&FloodStep::payload,
                 gen::weightedOneOf<uint16_t>(
                     {{3, gen::just(uint16_t{0})}, {1, gen::inRange<uint16_t>(1, 1400)}})),
        gen::set(&FloodStep::pause_us, pause));
  }
};

}  // namespace rc

namespace tapstat::tests {
namespace {

using flowstats::Counter;
using flowstats::Endpoint;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Mode;
using flowstats::Segment;

constexpr uint64_t kSeed = flowstats::Measurement{}.hash_seed;

std::vector<Segment> segments_of(const std::vector<FloodStep>& steps) {
  std::vector<Segment> segments;
  int64_t now_us = 1'600'000'000'000'000;
  for (const FloodStep& step : steps) {
    const Endpoint client{IpAddress::v4(0xc000020a), static_cast<uint16_t>(1000 + step.connection)};
    const Endpoint server{IpAddress::v4(0xc6336414), 80};
    const auto directed =
        make_tuple(step.from_server ? server : client, step.from_server ? client : server,
                   flowstats::kProtocolTcp, IpVersion::v4);
    Segment s;
    s.tuple = directed.tuple;
    s.direction = directed.direction;
    s.hash = hash_tuple(s.tuple, kSeed);
    s.time = s.clock = {now_us += step.pause_us};
    s.flags = step.flags;
    s.seq = step.isn * 100'000u + ((step.flags & flowstats::tcp_flag::kSyn) != 0 ? 0 : 1);
    s.ack = s.has(flowstats::tcp_flag::kAck) ? step.isn * 100'000u + 1 : 0;
    s.payload_length = step.payload;
    s.window = 1000;
    s.ip_id = static_cast<uint16_t>(segments.size() / 2);
    s.ttl = static_cast<uint8_t>(60 + step.isn);
    s.options.seen = flowstats::TcpOptions::kMss;
    s.options.mss = static_cast<uint16_t>(1200 + step.isn);
    segments.push_back(s);
  }
  return segments;
}

ShardOutcome outcome_of(const std::vector<Segment>& segments, Mode mode, uint32_t flows,
                        uint32_t half_open) {
  ShardPlan plan{small_measurement(mode, flows)};
  plan.measurement.limits.half_open_flows_max = half_open;
  plan.measurement.duplicate_window = flowstats::milliseconds(1);
  return run_shards(segments, plan);
}

void same(const std::vector<Segment>& segments, Mode mode, uint32_t flows, uint32_t half_open) {
  auto with = outcome_of(segments, mode, flows, half_open);
  auto without = outcome_of(segments, mode, flows, 0);
  if (mode == Mode::tstat) {
    RC_ASSERT(with.rows() == without.rows());
  } else {
    RC_ASSERT(with.sorted_rows() == without.sorted_rows());
    // How long ago a flow was closed depends on when its timer turned, which shows nowhere else.
    for (ShardOutcome* outcome : {&with, &without})
      outcome->counters.value[static_cast<size_t>(Counter::segments_after_close)] = 0;
  }
  RC_ASSERT(with.counters.value == without.counters.value);
}

RC_GTEST_PROP(NurseryLaws, ChangesNoRowOfAFlood, (const std::vector<FloodStep>& steps)) {
  same(segments_of(steps), any_mode(), 64, 64);
}

RC_GTEST_PROP(NurseryLaws, ChangesNoRowOfAConversation, (const std::vector<Step>& steps)) {
  const Mode mode = any_mode();
  const SegmentSource source(frames_of(steps, {}), {mode, dataplane::LinkType::ethernet, kSeed});
  same(source.segments(), mode, 64, 64);
}

/// Full nursery, full table: Tstat's rows and refusals stay the same in their order.
RC_GTEST_PROP(NurseryLaws, ChangesNoRowOfAFullTableInTstatMode,
              (const std::vector<FloodStep>& steps)) {
  same(segments_of(steps), Mode::tstat, *rc::gen::inRange<uint32_t>(1, 16), 3);
}

/// However small the table, each flow that began has its row, and none was refused.
RC_GTEST_PROP(NurseryLaws, EvictionLosesNoRow, (const std::vector<FloodStep>& steps)) {
  const auto segments = segments_of(steps);
  const auto flows = *rc::gen::inRange<uint32_t>(1, 16);
  const auto half_open = *rc::gen::inRange<uint32_t>(0, 5);
  const auto outcome = outcome_of(segments, Mode::corrected, flows, half_open);
  const auto& c = outcome.counters;
  RC_ASSERT(c[Counter::flows_refused_table_full] == 0u);
  RC_ASSERT(c[Counter::flows_created] == outcome.records.size());
  RC_ASSERT(c[Counter::flows_exported] == outcome.records.size());
  uint64_t in_rows = 0;
  for (const auto& record : outcome.records)
    in_rows += record.halves[0].core.packets + record.halves[1].core.packets;
  RC_ASSERT(in_rows + c[Counter::segments_without_flow] == c[Counter::analysed_packets]);
  RC_ASSERT(c[Counter::analysed_packets] + c[Counter::dropped_filtered] == segments.size());
}

}  // namespace
}  // namespace tapstat::tests
