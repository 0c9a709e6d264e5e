/// Measures the statistics of one segment: TcpFlow::update for the kinds of segments that make up
/// real traffic.
///
/// One flow that stays in the first-level cache, so this is work without memory: what a new
/// statistic costs shows here first. `acks` and `in_order` are nine tenths of all packets; the
/// others show the price of the slow path.
#include <vector>

#include <benchmark/benchmark.h>

#include "flowstats/flow.h"

namespace tapstat::bench {
namespace {

using flowstats::Segment;
namespace tcp_flag = flowstats::tcp_flag;

/// One packet of a repeating pattern. Sequence numbers move on by the pattern's span with every
/// round.
struct Step {
  bool from_server;
  uint32_t seq, ack;  // offsets inside the round
  int32_t payload;
  bool sack = false;
};
struct Pattern {
  std::vector<Step> steps;
  uint32_t span = 0;  // bytes that the server sends in a round
  bool timestamps = false;
};

constexpr int32_t kSize = 1400;

Pattern acks() { return {{{false, 0, 0, 0}}}; }
Pattern in_order() {
  return {{{true, 0, 0, kSize}, {true, kSize, 0, kSize}, {false, 0, 2 * kSize, 0}}, 2 * kSize};
}
Pattern timestamps() {
  Pattern pattern = in_order();
  pattern.timestamps = true;
  return pattern;
}
Pattern sack() {
  return {{{true, kSize, 0, kSize},
           {false, 0, 0, 0, true},
           {true, 0, 0, kSize},
           {false, 0, 2 * kSize, 0}},
          2 * kSize};
}
Pattern retransmission() {
  return {{{true, 0, 0, kSize}, {true, 0, 0, kSize}, {false, 0, kSize, 0}}, kSize};
}
Pattern reordered() {
  return {{{true, kSize, 0, kSize}, {true, 0, 0, kSize}, {false, 0, 2 * kSize, 0}}, 2 * kSize};
}

Segment segment_of(const Step& step, bool timestamps, uint32_t round_start, int64_t time_us) {
  Segment s;
  s.direction = step.from_server ? flowstats::Direction::from_b : flowstats::Direction::from_a;
  s.time = s.clock = {time_us};
  s.seq = step.from_server ? 5001 + round_start + step.seq : 1001;
  s.ack = step.from_server ? 1001 : 5001 + round_start + step.ack;
  s.payload_length = step.payload;
  s.window = 1000;
  s.flags = tcp_flag::kAck;
  s.ttl = 60;
  s.ip_id = static_cast<uint16_t>(time_us);
  if (timestamps) s.options.seen |= flowstats::TcpOptions::kTimestamps;
  if (step.sack) s.options.seen |= flowstats::TcpOptions::kSack;
  return s;
}

void open(flowstats::TcpFlow& flow, flowstats::TrackerContext& context) {
  Segment syn = segment_of({false, 0, 0, 0}, true, 0, 1);
  syn.seq = 1000;
  syn.flags = tcp_flag::kSyn;
  flow.open(syn, flowstats::NetworkList());
  static_cast<void>(flow.update(syn, context));
  Segment answer = segment_of({true, 0, 0, 0}, true, 0, 2);
  answer.seq = 5000;
  answer.flags = tcp_flag::kSyn | tcp_flag::kAck;
  static_cast<void>(flow.update(answer, context));
}

void update(benchmark::State& state, Pattern (*make)()) {
  const Pattern pattern = make();
  flowstats::TrackerContext context(flowstats::FlowLimits{}, flowstats::Mode::tstat);
  flowstats::TcpFlow flow{};
  open(flow, context);
  uint32_t round_start = 0;
  int64_t time_us = 1000;
  for (auto _ : state) {
    for (const Step& step : pattern.steps) {
      const Segment s = segment_of(step, pattern.timestamps, round_start, time_us += 100);
      benchmark::DoNotOptimize(flow.update(s, context));
    }
    round_start += pattern.span;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(pattern.steps.size()));
}

BENCHMARK_CAPTURE(update, acks, acks);
BENCHMARK_CAPTURE(update, in_order, in_order);
BENCHMARK_CAPTURE(update, timestamps, timestamps);
BENCHMARK_CAPTURE(update, sack, sack);
BENCHMARK_CAPTURE(update, retransmission, retransmission);
BENCHMARK_CAPTURE(update, reordered, reordered);

}  // namespace
}  // namespace tapstat::bench
