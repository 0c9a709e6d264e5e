#include "control/replay.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "control/inputs.h"
#include "control/measure_report.h"
#include "control/measure_start.h"
#include "control/option_values.h"
#include "control/output_check.h"
#include "control/plan.h"
#include "control/plan_text.h"
#include "control/signal_watch.h"
#include "control/supervisor.h"
#include "dataplane/eal.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using Clock = std::chrono::steady_clock;

RunResult result_of(const ReplayArguments& arguments, const MeasurePlan& plan, const Inputs& inputs,
                    Clock::time_point started, SupervisorResult done) {
  RunResult r = measured(plan, started, std::move(done));
  r.inputs = inputs.facts;
  r.source = source_name(plan.reader);
  r.loops = arguments.loops;
  const uint64_t round = inputs.packets();
  const auto received = static_cast<double>(r.counters[flowstats::Counter::rx_packets]);
  r.traffic_s = round == 0 ? 0 : inputs.traffic_s() * received / static_cast<double>(round);
  return r;
}

/// Everything but DPDK and the output has been checked.
int run(const ReplayArguments& arguments, const MeasurePlan& plan, const Inputs& inputs,
        Clock::time_point started, Messages& messages) {
  const SignalWatch signals;
  dataplane::EalOptions eal_options;
  eal_options.worker_lcores = dataplane::PacketPipeline::lcores_needed(plan.pipeline);
  eal_options.memory_mib = kEalMemoryMib;
  eal_options.verbose = arguments.out.verbose >= 2;
  const auto eal = dataplane::start_eal(eal_options);
  if (!eal) return fail_with(eal.error(), messages);
  if (const auto told = tell_before_start(plan, inputs.first_packet(), messages); !told)
    return fail_with(told.error(), messages);
  SupervisorOptions options = supervisor_options(arguments, plan);
  options.command = "replay";
  options.source = source_name(plan.reader);
  options.endless = arguments.loops == 0;
  options.first_packet = inputs.first_packet();
  options.packets_expected = inputs.packets() * arguments.loops;
  options.writer.cpus = eal->spare_cpus();
  dataplane::ReplayOptions how;
  how.reader = plan.reader;
  how.loops = arguments.loops;
  how.speed = arguments.speed;
  const auto make = [&] {
    return dataplane::PacketPipeline::replay(inputs.captures, how, plan.pipeline, plan.config);
  };
  auto done = run_packet_pipeline(
      make, [] { return flowstats::Result<void>{}; }, options, signals, messages);
  if (!done) return fail_with(done.error(), messages);
  ExitStatus status = inputs.status;
  if (const auto& fault = done->source_fault) {
    messages.error(fault->sentence);
    status = std::max(status, fault->status);
  }
  return report(arguments, result_of(arguments, plan, inputs, started, std::move(*done)), status,
                messages);
}

/// The captures have frames that the filter can judge.
flowstats::Result<void> check_filter(const MeasurePlan& plan, const Inputs& inputs) {
  if (!plan.pipeline.trace) return {};
  for (const dataplane::CaptureFile& capture : inputs.captures)
    if (auto good = plan.pipeline.trace->filter->check(capture.link_type); !good) return good;
  return {};
}

}  // namespace

int replay(const ReplayArguments& arguments, Messages& messages) {
  const auto started = Clock::now();
  std::optional<ExitOnSignal> early(std::in_place);
  auto plan = make_plan(arguments, messages);
  if (!plan) return static_cast<int>(ExitStatus::usage);
  plan->writer.base = output_base(plan->directory, arguments.files.front());
  const Inputs inputs = open_inputs(arguments, plan->pipeline.measurement.mode, messages);
  if (inputs.captures.empty()) return static_cast<int>(inputs.status);
  if (const auto usable = settle_outputs(*plan); !usable)
    return fail_with(usable.error(), messages);
  if (const auto usable = check_filter(*plan, inputs); !usable)
    return fail_with(usable.error(), messages);
  for (const std::string& line : plan_lines(*plan, inputs)) messages.result(line);
  if (arguments.dry_run) {
    if (arguments.json) messages.document(plan_json(*plan, inputs));
    return static_cast<int>(inputs.status);
  }
  early.reset();
  return run(arguments, *plan, inputs, started, messages);
}

}  // namespace tapstat::control
