#include "control/bench.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "control/bench_report.h"
#include "control/bench_worker.h"
#include "control/inputs.h"
#include "control/number_text.h"
#include "control/signal_watch.h"
#include "dataplane/lab_capture.h"
#include "dataplane/lab_load.h"
#include "dataplane/process_pages.h"
#include "flowstats/flow.h"

namespace tapstat::control {
namespace {

using dataplane::LabCapture;
using flowstats::ExitStatus;
using std::chrono::milliseconds;

constexpr milliseconds kLookEvery{250};
constexpr double kRoundSecondsMax = 2;
constexpr int kLooksPerPlainLine = 40;  // ten seconds
/// Index, slots and timers beside an entry; what a worker needs besides its flows.
constexpr uint64_t kIndexBytes = 64, kWorkerBytes = uint64_t{192} << 20;
constexpr uint64_t kShortFlowsMax = 100'000;  // of a worker at the same time
constexpr uint64_t kFloorEntryBytes = 256 + kIndexBytes;

int fail_with(const flowstats::Error& error, Messages& messages) {
  messages.error(error.sentence);
  return static_cast<int>(error.status);
}

std::vector<int> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(static_cast<size_t>(cpu), &set)) cpus.push_back(cpu);
  return cpus;
}

/// How the wanted flows are made, and what that takes.
struct LoadPlan {
  std::vector<uint32_t> replicas;  // by worker
  uint32_t total = 0;

  /// So many that the shortest connections find their entries out of the caches, too, but not so
  /// many that a pass takes long.
  [[nodiscard]] static uint32_t short_replicas(const BenchTraffic& traffic, uint64_t copies) {
    if (!traffic.short_flows) return 1;
    const uint64_t flows =
        std::min(kShortFlowsMax, traffic.capture.facts().flows_open_max * copies);
    return static_cast<uint32_t>(std::max<uint64_t>(flows / traffic.short_flows->flows(), 1));
  }
  [[nodiscard]] static uint64_t flows_max(const BenchTraffic& traffic, flowstats::Mode mode,
                                          uint64_t copies) {
    uint64_t open = traffic.capture.facts().flows_open_max * copies;
    if (traffic.short_flows) open += short_replicas(traffic, copies) * traffic.short_flows->flows();
    // Tstat's search for a slot needs room.
    return open + (mode == flowstats::Mode::tstat ? open : open / 4) + 256;
  }
  [[nodiscard]] static uint64_t tuples_max(const dataplane::LabCaptureFacts& facts,
                                           uint64_t copies) {
    return facts.tuples_live_max * copies + dataplane::LabLoad::kBlock;
  }
  [[nodiscard]] uint64_t bytes(const BenchTraffic& traffic, flowstats::Mode mode) const {
    uint64_t sum = 0;
    for (const uint32_t copies : replicas)
      sum += flows_max(traffic, mode, copies) * (sizeof(flowstats::TcpFlow) + kIndexBytes) +
             tuples_max(traffic.capture.facts(), copies) * kFloorEntryBytes + kWorkerBytes;
    return sum;
  }
};

LoadPlan plan_load(const dataplane::LabCaptureFacts& facts, uint64_t flows, unsigned workers) {
  LoadPlan plan;
  const uint64_t per_replica = std::max<uint64_t>(facts.flows_open_max, 1);
  const uint64_t wanted = (flows + per_replica / 2) / per_replica;  // the nearest
  plan.total = static_cast<uint32_t>(std::max<uint64_t>(wanted, workers));
  for (unsigned w = 0; w < workers; ++w)
    plan.replicas.push_back(plan.total / workers + (w < plan.total % workers ? 1 : 0));
  return plan;
}

/// Long measurements take more turns, so that an early end has a bit of everything.
unsigned rounds_of(const BenchArguments& a) {
  return std::max(a.rounds, static_cast<unsigned>(a.seconds / kRoundSecondsMax));
}

BenchWorkerPlan worker_plan(const BenchArguments& a, const BenchTraffic& traffic,
                            uint32_t first_replica, uint32_t replicas, std::optional<int> cpu) {
  const dataplane::LabCaptureFacts& facts = traffic.capture.facts();
  BenchWorkerPlan plan;
  plan.first_replica = first_replica;
  plan.replicas = replicas;
  plan.short_replicas = LoadPlan::short_replicas(traffic, replicas);
  plan.measurement.mode = a.mode;
  auto& limits = plan.measurement.limits;
  limits.tcp_flows_max = static_cast<uint32_t>(LoadPlan::flows_max(traffic, a.mode, replicas));
  // Flows that open side by side fill neighbouring slots, which Tstat's search would give up on.
  limits.slot_search_max = limits.tcp_flows_max;
  limits.udp_flows_max =
      std::max(limits.udp_flows_max, static_cast<uint32_t>(LoadPlan::tuples_max(facts, replicas)));
  limits.segment_records_max = std::max(limits.segment_records_max, 4 * limits.tcp_flows_max);
  plan.floor_flows_max = static_cast<uint32_t>(LoadPlan::tuples_max(facts, replicas));
  plan.rounds = rounds_of(a);
  plan.seconds = a.seconds;
  plan.cpu = cpu;
  return plan;
}

/// The threads, watched from the control thread until they are done or a signal comes.
class BenchRun {
 public:
  BenchRun(const BenchArguments& arguments, const BenchTraffic& traffic, const LoadPlan& load,
           const std::vector<int>& cpus, Messages& messages)
      : arguments_(arguments),
        traffic_(traffic),
        messages_(messages),
        shared_(arguments.workers),
        status_(arguments.workers),
        results_(arguments.workers) {
    uint32_t first = 0;
    for (unsigned w = 0; w < arguments.workers; ++w) {
      const bool own_core = arguments.workers <= cpus.size();
      plans_.push_back(worker_plan(arguments, traffic, first, load.replicas[w],
                                   own_core ? std::optional(cpus[w]) : std::nullopt));
      first += load.replicas[w];
    }
  }

  void run(BenchResult& result) {
    const SignalWatch signals;
    std::vector<std::jthread> threads;
    for (unsigned w = 0; w < arguments_.workers; ++w)
      threads.emplace_back([this, w] {
        results_[w] = BenchWorker(plans_[w], traffic_, shared_, status_[w]).run();
        shared_.finished.fetch_add(1);
      });
    for (int looks = 1; shared_.finished.load() < arguments_.workers; ++looks) {
      if (const auto signal = signals.wait(kLookEvery); signal && *signal != SIGUSR1) {
        shared_.stop.store(true, std::memory_order_relaxed);
        result.interrupted = true;
      }
      const auto pages = dataplane::process_pages();
      if (pages.resident > result.pages.resident) result.pages = pages;
      show_progress(looks);
    }
    threads.clear();
    messages_.erase_status();
    result.workers = std::move(results_);
    result.rounds_done = rounds_done();
    for (const BenchWorkerPlan& plan : plans_)
      result.flows_capacity += plan.measurement.limits.tcp_flows_max;
  }

 private:
  [[nodiscard]] unsigned rounds_done() const {
    unsigned least = rounds_of(arguments_);
    for (const auto& s : status_) least = std::min(least, s.rounds_done.load());
    return least;
  }

  void show_progress(int looks) {
    if (!arguments_.progress || arguments_.out.quiet) return;
    double warmed = 1;
    uint64_t packets = 0;
    for (const auto& s : status_) {
      warmed = std::min(warmed, s.warmed.load());
      packets += s.packets.load();
    }
    const std::string line = packets == 0
                                 ? fmt::format("warming up {:3.0f} %", 100 * warmed)
                                 : fmt::format("measuring, round {} of {}  {} pkt timed",
                                               std::min(rounds_done() + 1, arguments_.rounds),
                                               arguments_.rounds, grouped(packets));
    if (isatty(STDERR_FILENO) == 1)
      messages_.status(" " + line);
    else if (looks % kLooksPerPlainLine == 0)
      messages_.status_line(line);
  }

  const BenchArguments& arguments_;
  const BenchTraffic& traffic_;
  Messages& messages_;
  BenchShared shared_;
  std::vector<BenchWorkerStatus> status_;
  std::vector<BenchWorkerResult> results_;
  std::vector<BenchWorkerPlan> plans_;
};

Inputs open_captures(const BenchArguments& a, Messages& messages) {
  ReplayArguments as_for_replay;
  as_for_replay.files = a.files;
  as_for_replay.unpack = a.unpack;
  return open_inputs(as_for_replay, a.mode, messages);
}

flowstats::Result<void> check_memory(uint64_t needed, const std::string& what,
                                     const std::string& advice) {
  const auto available = dataplane::memory_available();
  if (!available || needed <= *available) return {};
  return flowstats::fail(ExitStatus::environment, what + " about " + memory_text(needed) +
                                                      " of memory, and " + memory_text(*available) +
                                                      " are available. " + advice);
}

flowstats::Result<BenchTraffic> load(const BenchArguments& a, const Inputs& inputs) {
  if (auto fits = check_memory(LabCapture::bytes_needed(inputs.packets(), a.snap),
                               "the captures need", "Take fewer, or a smaller --snap.");
      !fits)
    return tl::make_unexpected(fits.error());
  flowstats::Measurement rules;
  rules.mode = a.mode;
  auto capture = LabCapture::load(inputs.captures, a.snap, rules);
  if (!capture) return tl::make_unexpected(capture.error());
  auto short_flows = dataplane::ShortFlows::from(*capture, rules);
  return BenchTraffic{std::move(*capture), std::move(short_flows)};
}

/// What makes the figures less than they seem.
void warn(const BenchResult& r, Messages& messages) {
  uint64_t refused = 0, missed = 0;
  for (const BenchWorkerResult& w : r.workers) {
    refused += w.flows_refused;
    missed += w.floor_missed;
  }
  if (refused > 0)
    messages.note("flows that found no room in the tables: " + grouped(refused) +
                  "; the load was smaller than wanted.");
  if (missed > 0)
    messages.note("packets of the floor without a known flow: " + grouped(missed) +
                  "; the floor is too low.");
  if (!r.workers.empty() && r.workers.front().short_flows.front().empty())
    messages.note("no whole handshake in the captures, so the price of a flow is not known.");
  if (r.capture.left_out > 0)
    messages.note("packets left out, because their addresses could not be changed: " +
                  grouped(r.capture.left_out) + ".");
}

}  // namespace

int bench(const BenchArguments& arguments, Messages& messages) {
  std::optional<ExitOnSignal> early(std::in_place);
  const Inputs inputs = open_captures(arguments, messages);
  if (inputs.captures.empty()) return static_cast<int>(inputs.status);
  const auto traffic = load(arguments, inputs);
  if (!traffic) return fail_with(traffic.error(), messages);
  const LabCapture& capture = traffic->capture;
  const LoadPlan plan = plan_load(capture.facts(), arguments.flows, arguments.workers);
  if (auto fits =
          check_memory(plan.bytes(*traffic, arguments.mode),
                       grouped(std::max<uint64_t>(arguments.flows, 1)) + " flows at once need",
                       "Ask for fewer with --flows.");
      !fits)
    return fail_with(fits.error(), messages);
  messages.detail(grouped(plan.total) + " replicas of " + grouped(capture.facts().flows_open_max) +
                  " flows, at most " + memory_text(plan.bytes(*traffic, arguments.mode)) +
                  " of memory");
  const std::vector<int> cpus = usable_cpus();
  if (arguments.workers > cpus.size())
    messages.note(std::to_string(arguments.workers) + " workers share " +
                  std::to_string(cpus.size()) + (cpus.size() == 1 ? " core" : " cores") +
                  " in turn; times are CPU time, and the rate is what the cores can give.");
  early.reset();

  BenchResult result;
  result.inputs = inputs.facts;
  result.capture = capture.facts();
  result.capture_bytes = capture.memory_bytes();
  result.mode = arguments.mode;
  result.flows_wanted = arguments.flows;
  result.replicas = plan.total;
  result.rounds_wanted = rounds_of(arguments);
  result.cpus = static_cast<unsigned>(std::max<size_t>(cpus.size(), 1));
  result.pages_before = dataplane::process_pages();
  BenchRun(arguments, *traffic, plan, cpus, messages).run(result);
  if (!has_figures(result)) {
    messages.note("stopped while warming up; nothing was measured.");
    return static_cast<int>(inputs.status);
  }
  warn(result, messages);
  if (arguments.json)
    messages.document(bench_json(result));
  else
    messages.result(bench_table(result));
  return static_cast<int>(inputs.status);
}

}  // namespace tapstat::control
