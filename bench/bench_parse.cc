/// Measures the parser: one frame -> one Segment, hash included.
///
/// Every packet pays it, and it is the first touch of the packet's memory. Frames are rewritten
/// between passes where the cost of touching them matters (`burst`); the single-frame cases show
/// the pure work per header kind.
#include <benchmark/benchmark.h>

#include "bench/cpu_timer.h"
#include "bench/steady_traffic.h"
#include "dataplane/parse.h"
#include "tests/support/packet_builder.h"

namespace tapstat::bench {
namespace {

using tests::FrameBytes;
using tests::PacketBuilder;

FrameBytes ipv4_frame() {
  return PacketBuilder().ethernet().ipv4().tcp({.flags = tests::kAck}).payload(64).build();
}
FrameBytes ipv6_frame() {
  return PacketBuilder().ethernet().ipv6().tcp({.flags = tests::kAck}).payload(64).build();
}
FrameBytes vlan_frame() {
  return PacketBuilder().ethernet().vlan(7).ipv4().tcp({.flags = tests::kAck}).build();
}
FrameBytes udp_frame() { return PacketBuilder().ethernet().ipv4().udp().payload(64).build(); }
FrameBytes arp_frame() { return tests::arp_request(); }

FrameBytes options_frame() {
  namespace opt = tests::tcp_option;
  const FrameBytes options =
      opt::join({opt::no_operation(), opt::no_operation(), opt::timestamps(1, 2),
                 opt::no_operation(), opt::no_operation(), opt::sack({{1, 2}})});
  return PacketBuilder().ethernet().ipv4().tcp({.flags = tests::kAck, .options = options}).build();
}

void one_frame(benchmark::State& state, FrameBytes (*make)()) {
  const FrameBytes frame = make();
  const dataplane::ParseRules rules;
  flowstats::Segment segment;
  bool is_ip = false;
  for (auto _ : state) {
    benchmark::DoNotOptimize(parse(rules, {frame.data(), frame.size()},
                                   static_cast<uint32_t>(frame.size()), segment, is_ip));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

/// Blocks of packets of 10,000 connections, freshly written, parsed in bursts behind a prefetch.
void burst(benchmark::State& state) {
  SteadyTraffic traffic(10'000);
  const dataplane::ParseRules rules;
  std::array<flowstats::Segment, PacketPath::kBurst> segments;
  bool is_ip = false;
  for (auto _ : state) {
    const auto frames = traffic.fill();
    const CpuTimer timer;
    for (size_t at = 0; at < frames.size(); at += segments.size()) {
      const auto part = frames.subspan(at, segments.size());
      for (const FrameInMemory& frame : part) __builtin_prefetch(frame.bytes);
      for (size_t i = 0; i < part.size(); ++i)
        benchmark::DoNotOptimize(parse(rules, {part[i].bytes, part[i].captured_length},
                                       part[i].captured_length, segments[i], is_ip));
    }
    state.SetIterationTime(timer.seconds());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(SteadyTraffic::kBlock));
}

BENCHMARK_CAPTURE(one_frame, ipv4, ipv4_frame);
BENCHMARK_CAPTURE(one_frame, ipv6, ipv6_frame);
BENCHMARK_CAPTURE(one_frame, vlan, vlan_frame);
BENCHMARK_CAPTURE(one_frame, timestamps_and_sack, options_frame);
BENCHMARK_CAPTURE(one_frame, udp, udp_frame);
BENCHMARK_CAPTURE(one_frame, arp, arp_frame);
BENCHMARK(burst)->UseManualTime();

}  // namespace
}  // namespace tapstat::bench
