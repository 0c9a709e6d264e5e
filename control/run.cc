#include "control/run.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "control/full_output.h"
#include "control/live_watch.h"
#include "control/measure_report.h"
#include "control/measure_start.h"
#include "control/plan.h"
#include "control/plan_text.h"
#include "control/privileges/service_manager.h"
#include "control/run_rights.h"
#include "control/signal_watch.h"
#include "control/supervisor.h"
#include "dataplane/eal.h"
#include "dataplane/live_ports.h"

namespace tapstat::control {
namespace {

using dataplane::PortKind;
using flowstats::ExitStatus;
using flowstats::Result;
using Clock = std::chrono::steady_clock;

constexpr uint32_t kSnapBytes = 2'048;

flowstats::Timestamp wall_clock() {
  using namespace std::chrono;
  return {duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
}

uint32_t snap_bytes(const RunArguments& arguments, const MeasurePlan& plan) {
  return arguments.snap_bytes.value_or(plan.run.snap_bytes.value_or(kSnapBytes));
}

dataplane::EalOptions eal_options(const RunArguments& arguments, const MeasurePlan& plan,
                                  const std::vector<int>& cpus) {
  dataplane::EalOptions options;
  options.worker_lcores = dataplane::PacketPipeline::lcores_needed(plan.pipeline);
  options.memory_mib =
      std::max(kEalMemoryMib, dataplane::LivePorts::memory_mib(plan.ports, plan.pipeline.workers,
                                                               snap_bytes(arguments, plan)));
  options.verbose = arguments.out.verbose >= 2;
  options.worker_cpus = cpus;
  for (const dataplane::PortRequest& port : plan.ports)
    if (port.kind == PortKind::pci) options.pci_devices.push_back(port.device);
  options.huge_pages = !options.pci_devices.empty();
  return options;
}

/// Everything that can be checked without opening a port has been.
int measure(const RunArguments& arguments, const MeasurePlan& plan, const Identity& identity,
            Clock::time_point started, Messages& messages) {
  const SignalWatch signals;
  const auto service = ServiceManager::connect();
  if (!service) return fail_with(service.error(), messages);
  const auto eal = dataplane::start_eal(eal_options(arguments, plan, worker_cpus(arguments, plan)));
  if (!eal) return fail_with(eal.error(), messages);
  auto ports =
      dataplane::LivePorts::open(plan.ports, plan.pipeline.workers, snap_bytes(arguments, plan));
  if (!ports) return fail_with(ports.error(), messages);
  LiveWatch watch(**ports, plan.run.stop_when_removed, messages);
  SupervisorOptions options = supervisor_options(arguments, plan);
  options.command = "run";
  options.source = "live";
  options.endless = true;
  options.live = &watch;
  options.service = &*service;
  options.first_packet = wall_clock();
  options.writer.cpus = eal->spare_cpus();
  if (arguments.duration) options.duration = std::chrono::microseconds{arguments.duration->us};
  if (const auto told = tell_before_start(plan, options.first_packet, messages); !told)
    return fail_with(told.error(), messages);
  const auto make = [&] {
    return dataplane::PacketPipeline::live(**ports, plan.pipeline, plan.config);
  };
  auto done = run_packet_pipeline(
      make, [&] { return give_up_rights(plan, identity); }, options, signals, messages);
  if (!done) return fail_with(done.error(), messages);
  const bool was_removed = watch.device_was_removed() && plan.run.stop_when_removed;
  RunResult result = measured(plan, started, std::move(*done));
  result.source = "live";
  result.ports = watch.ports();
  return report(arguments, result, was_removed ? ExitStatus::environment : ExitStatus::done,
                messages);
}

/// What the flags and tapstat.toml say about ports, workers and the directory.
Result<void> settle(const RunArguments& arguments, MeasurePlan& plan) {
  auto ports = port_requests(arguments.ports, plan.configured_ports);
  if (!ports) return tl::make_unexpected(ports.error());
  plan.ports = std::move(*ports);
  if (!plan.directory)
    return flowstats::fail(ExitStatus::usage,
                           "where shall the logs go? Give -s DIR, or [output.tstat] directory in "
                           "tapstat.toml (-c).");
  if (auto live = check_live(plan.writer.full); !live) return live;
  plan.writer.base = *plan.directory;
  if (const auto cpus = worker_cpus(arguments, plan); !arguments.workers && !cpus.empty()) {
    plan.pipeline.workers = static_cast<unsigned>(std::min<size_t>(cpus.size(), kWorkersMax));
  }
  return settle_outputs(plan);
}

}  // namespace

int run(const RunArguments& arguments, Messages& messages) {
  const auto started = Clock::now();
  std::optional<ExitOnSignal> early(std::in_place);
  auto plan = make_plan(arguments, messages);
  if (!plan) return static_cast<int>(ExitStatus::usage);
  if (const auto settled = settle(arguments, *plan); !settled)
    return fail_with(settled.error(), messages);
  const Inputs no_captures;
  for (const std::string& line : plan_lines(*plan, no_captures)) messages.result(line);
  if (arguments.dry_run) {
    if (arguments.json) messages.document(plan_json(*plan, no_captures));
    return static_cast<int>(ExitStatus::done);
  }
  if (const ExitStatus found = check_machine(arguments, *plan, messages); found != ExitStatus::done)
    return static_cast<int>(found);
  const auto identity = identity_of(arguments, *plan);
  if (!identity) return fail_with(identity.error(), messages);
  early.reset();
  return measure(arguments, *plan, *identity, started, messages);
}

}  // namespace tapstat::control
