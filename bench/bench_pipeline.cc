/// Measures the whole worker path in memory: frame -> parse -> table -> statistics -> record ->
/// ring -> drained, and beside it the floor: what this machine takes for the same table and four
/// lines of state without any statistics.
///
/// This is the number that decides how many packets a core carries. `worker_full/PAGES/N` is the
/// cost of a packet on N open connections drawn at random, nothing opening or closing; `floor/N`
/// has the same packets. `isp_mix` and `setup_stress` are whole captures with all their openings
/// and closings, `turnover` is nothing but openings and closings. `exit_records` and
/// `isp_mix_exit_records` have exit records as well: what they add to the worker. All groups are
/// always measured: they cannot be switched off on the path. scripts/bench_report.py makes the
/// ratios.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include <benchmark/benchmark.h>

#include "bench/cpu_timer.h"
#include "bench/preloaded_traffic.h"
#include "bench/steady_traffic.h"
#include "dataplane/floor.h"
#include "dataplane/idle.h"
#include "dataplane/process_pages.h"

namespace tapstat::bench {
namespace {

/// Of the tables: huge ones as the system gives them, or ordinary ones for comparison.
enum class Pages : uint8_t { huge, small };
enum class ExitRecords : uint8_t { no, yes };

/// Keeps transparent huge pages away from what is touched while it lives.
class SmallPages {
 public:
  explicit SmallPages(Pages pages) {
    if (pages == Pages::small) flowstats::set_page_policy(flowstats::PagePolicy::ordinary);
  }
  ~SmallPages() { flowstats::set_page_policy(flowstats::PagePolicy::automatic); }
  SmallPages(const SmallPages&) = delete;
  SmallPages& operator=(const SmallPages&) = delete;
};

/// What the memory that came in the meantime consists of.
std::string pages_since(const dataplane::ProcessPages& before) {
  const dataplane::ProcessPages now = dataplane::process_pages();
  if (now.hugetlb > before.hugetlb) return "hugetlb pages";
  const bool huge = 2 * (now.transparent - before.transparent) > now.resident - before.resident;
  return now.transparent > before.transparent && huge ? "transparent huge pages" : "4 KiB pages";
}

flowstats::Measurement with_room_for(uint32_t flows, flowstats::Mode mode,
                                     ExitRecords exits = ExitRecords::no) {
  flowstats::Measurement measurement;
  measurement.mode = mode;
  measurement.inspection.enabled = false;  // bench_layer7 measures that
  measurement.limits.tcp_flows_max = flows + flows / 4;
  measurement.limits.segment_records_max = 8 * flows + 1'000'000;
  measurement.exit_records.enabled = exits == ExitRecords::yes;
  measurement.exit_records.connections_max = std::max(flows + flows / 4, 180'000U);
  return measurement;
}

/// What follows connections for exit records while it lives; nothing without them. Its time is not
/// the worker's.
class FollowerThread {
 public:
  FollowerThread(PacketPath& path, ExitRecords exits) {
    if (exits == ExitRecords::yes) thread_ = std::thread{[this, &path] { run(path); }};
  }
  ~FollowerThread() {
    stops_ = true;
    if (thread_.joinable()) thread_.join();
  }
  FollowerThread(const FollowerThread&) = delete;
  FollowerThread& operator=(const FollowerThread&) = delete;

 private:
  void run(PacketPath& path) {
    dataplane::Idle idle;
    while (!stops_) path.follow() ? idle.worked() : idle.rest();
  }

  std::atomic<bool> stops_ = false;
  std::thread thread_;
};

void report(benchmark::State& state, uint64_t packets) {
  state.SetItemsProcessed(static_cast<int64_t>(packets));
  state.counters["packet"] = benchmark::Counter(
      static_cast<double>(packets), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// The measured loop: the traffic's blocks through `path`, without the writing of their frames.
/// Returns the packets.
template <class Traffic, class Path>
uint64_t time_blocks(benchmark::State& state, Traffic& traffic, Path& path) {
  uint64_t packets = 0;
  for (auto _ : state) {
    const auto frames = traffic.fill();
    const CpuTimer timer;
    path.process(frames);
    state.SetIterationTime(timer.seconds());
    packets += frames.size();
  }
  return packets;
}

void worker_full(benchmark::State& state, flowstats::Mode mode, Pages pages,
                 ExitRecords exits = ExitRecords::no) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  SteadyTraffic traffic(flows);
  const dataplane::ProcessPages before = dataplane::process_pages();
  const SmallPages small_pages(pages);
  PacketPath path(with_room_for(flows, mode, exits));
  const FollowerThread follower(path, exits);
  for (auto frames = traffic.open(); !frames.empty(); frames = traffic.open()) path.process(frames);
  state.SetLabel(pages_since(before));
  const uint64_t packets = time_blocks(state, traffic, path);
  if (path.counters().get(flowstats::Counter::segments_without_flow) != 0)
    state.SkipWithError("packets without a flow");
  report(state, packets);
}

void floor(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  SteadyTraffic traffic(flows);
  const dataplane::ProcessPages before = dataplane::process_pages();
  dataplane::Floor floor({flowstats::Mode::tstat, dataplane::LinkType::ethernet, 0}, flows);
  for (auto frames = traffic.open(); !frames.empty(); frames = traffic.open())
    for (const FrameInMemory& frame : frames) floor.add(frame);
  state.SetLabel(pages_since(before));
  const uint64_t packets = time_blocks(state, traffic, floor);
  if (floor.missed() != 0) state.SkipWithError("packets without a flow");
  report(state, packets);
}

/// A SYN for each of a block of new flows, then a RST for each: opened, closed, recorded.
void turnover(benchmark::State& state, flowstats::Mode mode) {
  PacketPath path(with_room_for(SteadyTraffic::kBlock, mode));
  TurnoverTraffic traffic;
  const uint64_t flows = time_blocks(state, traffic, path) / 2;
  if (path.records() != flows) state.SkipWithError("not the right number of records");
  state.SetItemsProcessed(static_cast<int64_t>(flows));
  state.counters["flow"] = benchmark::Counter(
      static_cast<double>(flows), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void whole_capture(benchmark::State& state, const char* name, flowstats::Mode mode,
                   ExitRecords exits = ExitRecords::no) {
  TrafficProfile profile = *find_profile(name);
  profile.flows = static_cast<uint64_t>(state.range(0));
  profile.concurrency = static_cast<uint32_t>(state.range(1));
  const PreloadedTraffic traffic(profile);
  PacketPath path(with_room_for(profile.concurrency, mode, exits));
  uint64_t packets = 0;
  const FollowerThread follower(path, exits);
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

// Opening millions of flows takes seconds: a fixed number of blocks, so that it is done once for
// each repetition.
BENCHMARK_CAPTURE(worker_full, hugepages, flowstats::Mode::tstat, Pages::huge)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Arg(4'000'000)
    ->Iterations(400)
    ->UseManualTime();
BENCHMARK_CAPTURE(worker_full, 4k, flowstats::Mode::tstat, Pages::small)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Arg(4'000'000)
    ->Iterations(400)
    ->UseManualTime();
BENCHMARK_CAPTURE(worker_full, corrected, flowstats::Mode::corrected, Pages::huge)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Iterations(400)
    ->UseManualTime();
BENCHMARK_CAPTURE(worker_full, exit_records, flowstats::Mode::tstat, Pages::huge, ExitRecords::yes)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Iterations(400)
    ->UseManualTime();
BENCHMARK_CAPTURE(worker_full, corrected_exit_records, flowstats::Mode::corrected, Pages::huge,
                  ExitRecords::yes)
    ->Arg(10'000)
    ->Iterations(400)
    ->UseManualTime();
BENCHMARK(floor)->Arg(10'000)->Arg(1'000'000)->Arg(4'000'000)->Iterations(400)->UseManualTime();
BENCHMARK_CAPTURE(turnover, tstat, flowstats::Mode::tstat)->UseManualTime();
BENCHMARK_CAPTURE(turnover, corrected, flowstats::Mode::corrected)->UseManualTime();
// Flows in all, flows at the same time.
BENCHMARK_CAPTURE(whole_capture, isp_mix, "isp_mix", flowstats::Mode::tstat)
    ->Args({2'000, 2'000})
    ->Args({20'000, 10'000})
    ->UseManualTime();
BENCHMARK_CAPTURE(whole_capture, isp_mix_exit_records, "isp_mix", flowstats::Mode::tstat,
                  ExitRecords::yes)
    ->Args({2'000, 2'000})
    ->Args({20'000, 10'000})
    ->UseManualTime();
BENCHMARK_CAPTURE(whole_capture, isp_mix_loss5, "isp_mix_loss5", flowstats::Mode::tstat)
    ->Args({2'000, 2'000})
    ->Args({20'000, 10'000})
    ->UseManualTime();
BENCHMARK_CAPTURE(whole_capture, setup_stress, "setup_stress", flowstats::Mode::tstat)
    ->Args({2'000, 2'000})
    ->Args({50'000, 20'000})
    ->UseManualTime();

}  // namespace
}  // namespace tapstat::bench
