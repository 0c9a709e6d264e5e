/// Measures the whole worker path in memory: frame -> parse -> table -> statistics -> record ->
/// ring -> drained.
///
/// This is the number that decides how many packets a core carries. `steady/N` is the cost of a
/// packet on N open connections drawn at random, nothing opening or closing; `isp_mix` and
/// `setup_stress` are whole captures with all their openings and closings, so their difference to
/// `steady` is the price of a flow. All groups are always measured.
#include <benchmark/benchmark.h>

#include "bench/cpu_timer.h"
#include "bench/preloaded_traffic.h"
#include "bench/steady_traffic.h"
#include "dataplane/burst.h"

namespace tapstat::bench {

static_assert(PacketPath::kBurst == dataplane::kBurst, "measure what the worker does");
namespace {

flowstats::Measurement with_room_for(uint32_t flows, flowstats::Mode mode) {
  flowstats::Measurement measurement;
  measurement.mode = mode;
  measurement.limits.tcp_flows_max = flows + flows / 4;
  measurement.limits.segment_records_max = 8 * flows + 1'000'000;
  return measurement;
}

void report(benchmark::State& state, uint64_t packets) {
  state.SetItemsProcessed(static_cast<int64_t>(packets));
  state.counters["packet"] = benchmark::Counter(
      static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void steady(benchmark::State& state, flowstats::Mode mode) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  PacketPath path(with_room_for(flows, mode));
  SteadyTraffic traffic(flows);
  for (auto frames = traffic.open(); !frames.empty(); frames = traffic.open()) path.process(frames);
  uint64_t packets = 0;
  for (auto _ : state) {
    const auto frames = traffic.fill();
    const CpuTimer timer;
    path.process(frames);
    state.SetIterationTime(timer.seconds());
    packets += frames.size();
  }
  if (path.counters().get(flowstats::Counter::segments_without_flow) != 0)
    state.SkipWithError("packets without a flow");
  report(state, packets);
}

void whole_capture(benchmark::State& state, const char* name, flowstats::Mode mode) {
  TrafficProfile profile = *find_profile(name);
  profile.flows = static_cast<uint64_t>(state.range(0));
  const PreloadedTraffic traffic(profile);
  PacketPath path(with_room_for(profile.concurrency, mode));
  uint64_t packets = 0;
  for (auto _ : state) {
    const CpuTimer timer;
    path.process(traffic.frames());
    path.finish();
    state.SetIterationTime(timer.seconds());
    packets += traffic.frames().size();
  }
  const uint64_t rows = traffic.truth().rows_complete + traffic.truth().rows_nocomplete;
  if (path.records() != rows * state.iterations())
    state.SkipWithError("not the right number of records");
  report(state, packets);
}

BENCHMARK_CAPTURE(steady, corrected, flowstats::Mode::corrected)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->UseManualTime();
BENCHMARK_CAPTURE(steady, tstat, flowstats::Mode::tstat)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->UseManualTime();
BENCHMARK_CAPTURE(whole_capture, isp_mix, "isp_mix", flowstats::Mode::tstat)
    ->Arg(2'000)
    ->Arg(20'000)
    ->UseManualTime();
BENCHMARK_CAPTURE(whole_capture, isp_mix_loss5, "isp_mix_loss5", flowstats::Mode::tstat)
    ->Arg(2'000)
    ->Arg(20'000)
    ->UseManualTime();
BENCHMARK_CAPTURE(whole_capture, setup_stress, "setup_stress", flowstats::Mode::tstat)
    ->Arg(2'000)
    ->Arg(50'000)
    ->UseManualTime();

}  // namespace
}  // namespace tapstat::bench
