#include "control/replay.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "control/build_info.h"
#include "control/end_table.h"
#include "control/inputs.h"
#include "control/ledger.h"
#include "control/number_text.h"
#include "control/output_check.h"
#include "control/plan.h"
#include "control/plan_text.h"
#include "control/privacy.h"
#include "control/runtime_conf.h"
#include "control/signal_watch.h"
#include "control/summary.h"
#include "control/supervisor.h"
#include "dataplane/eal.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using Clock = std::chrono::steady_clock;

constexpr uint32_t kEalMemoryMib =
    256;  // packet buffers and DPDK's own; checked with the largest frames

Progress::Form progress_form(const ReplayArguments& arguments) {
  if (!arguments.progress || arguments.out.quiet) return Progress::Form::off;
  return isatty(STDERR_FILENO) == 1 ? Progress::Form::redrawn : Progress::Form::plain;
}

SupervisorOptions supervisor_options(const ReplayArguments& arguments, const ReplayPlan& plan,
                                     const Inputs& inputs) {
  SupervisorOptions options;
  options.replay = plan.replay;
  options.writer = plan.writer;
  options.trace = plan.trace;
  options.memory = plan.memory;
  options.config = plan.config;
  options.control = plan.control;
  options.first_packet = inputs.first_packet();
  options.packets_expected = inputs.packets() * plan.replay.loops;
  options.progress = progress_form(arguments);
  return options;
}

RunResult result_of(const ReplayPlan& plan, const Inputs& inputs, Clock::time_point started,
                    SupervisorResult done) {
  RunResult r;
  r.inputs = inputs.facts;
  r.source = plan.replay.reader;
  r.mode = plan.replay.measurement.mode;
  r.schema = plan.writer.schema;
  r.groups = done.groups;
  r.workers = plan.replay.workers;
  r.loops = plan.replay.loops;
  r.gzip = plan.writer.gzip;
  r.interrupted = done.interrupted;
  r.counters = done.counters;
  r.flows_open = done.flows_open;
  r.wall_s = done.wall_s;
  const uint64_t round = inputs.packets();
  const auto received = static_cast<double>(done.counters[flowstats::Counter::rx_packets]);
  r.traffic_s = round == 0 ? 0 : inputs.traffic_s() * received / static_cast<double>(round);
  r.start_s = std::chrono::duration<double>(done.source_started - started).count();
  r.memory = done.memory;
  r.writer = std::move(done.writer);
  r.traces = std::move(done.traces);
  r.dpdk_version = dataplane::dpdk_version();
  return r;
}

/// The highest status that anything asks for; a difference in the ledger is a defect and stands
/// above all.
ExitStatus final_status(const ReplayArguments& arguments, ExitStatus inputs, const RunResult& r,
                        const Ledger& ledger) {
  if (!ledger.closes()) return ExitStatus::internal_error;
  ExitStatus status = inputs;
  const auto raise = [&](bool when, ExitStatus to) {
    if (when) status = std::max(status, to);
  };
  raise(ledger.records_lost() > 0 || !r.writer.errors.empty() || !r.traces.errors.empty(),
        ExitStatus::records_lost);
  if (const auto limit = arguments.fail_on_loss_percent) {
    raise(std::max({ledger.packets_lost_percent(), ledger.flows_refused_percent(),
                    ledger.flows_evicted_percent()}) > *limit,
          ExitStatus::records_lost);
  }
  return status;
}

/// summary.json and counters.json beside the logs of every directory.
ExitStatus write_documents(const RunResult& r, const Ledger& ledger, ExitStatus status,
                           Messages& messages) {
  for (const auto& directory : r.writer.directories) {
    for (const auto& [name, text] :
         {std::pair{"summary.json", summary_json(r, ledger, static_cast<int>(status))},
          std::pair{"counters.json", counters_json(r, ledger)}}) {
      if (const auto written = write_file(directory / name, text); !written) {
        messages.error(written.error().sentence);
        status = status == ExitStatus::internal_error ? status
                                                      : std::max(status, written.error().status);
      }
    }
  }
  return status;
}

/// What the user should know about the result beyond the table.
void remark(const RunResult& r, const Ledger& ledger, Messages& messages) {
  for (const auto& errors : {r.writer.errors, r.traces.errors})
    for (const std::string& error : errors) messages.error(error);
  if (ledger.flows_refused > 0)
    messages.note("flows that found no room in the flow table: " + grouped(ledger.flows_refused) +
                  ". Give it more with --flows.");
  if (ledger.flows_evicted > 0)
    messages.note("flows that ended early to make room in the flow table: " +
                  grouped(ledger.flows_evicted) + ". Give it more with --flows.");
  if (const uint64_t outside = r.counters[flowstats::Counter::flows_dropped_not_local]; outside > 0)
    messages.note("flows without an internal side, not logged: " + grouped(outside) + ". See -N.");
  if (!ledger.closes())
    messages.error(
        "internal error: the counters do not add up; please report it with counters.json.");
}

int report(const ReplayArguments& arguments, const RunResult& r, ExitStatus inputs_status,
           Messages& messages) {
  const Ledger ledger = make_ledger(r.counters, {});
  remark(r, ledger, messages);
  ExitStatus status = final_status(arguments, inputs_status, r, ledger);
  status = write_documents(r, ledger, status, messages);
  if (arguments.json)
    messages.document(summary_json(r, ledger, static_cast<int>(status)));
  else
    messages.result("\n" + end_table(r, ledger));
  return static_cast<int>(status);
}

int fail_with(const flowstats::Error& error, Messages& messages) {
  messages.error(error.sentence);
  return static_cast<int>(error.status);
}

/// Everything but DPDK and the output has been checked.
int run(const ReplayArguments& arguments, const ReplayPlan& plan, const Inputs& inputs,
        Clock::time_point started, Messages& messages) {
  const SignalWatch signals;
  dataplane::EalOptions eal_options;
  eal_options.worker_lcores = dataplane::ReplayPipeline::lcores_needed(plan.replay.workers);
  eal_options.memory_mib = kEalMemoryMib;
  eal_options.verbose = arguments.out.verbose >= 2;
  const auto eal = dataplane::start_eal(eal_options);
  if (!eal) return fail_with(eal.error(), messages);
  for (const std::string& line : plan.announcements) messages.result(announcement_line("-", line));
  if (plan.key_is_new) {
    const auto path =
        write_key(plan.writer.base, inputs.first_packet(), plan.writer.anonymiser->key);
    if (!path) return fail_with(path.error(), messages);
    messages.note("the key of anonymisation of this run is in \"" + path->string() +
                  "\". Whoever has it can undo the anonymisation.");
  }
  SupervisorOptions options = supervisor_options(arguments, plan, inputs);
  options.writer.cpus = eal->spare_cpus();
  auto done = run_replay_pipeline(inputs.captures, options, signals, messages);
  if (!done) return fail_with(done.error(), messages);
  ExitStatus status = inputs.status;
  if (const auto& fault = done->source_fault) {
    messages.error(fault->sentence);
    status = std::max(status, fault->status);
  }
  return report(arguments, result_of(plan, inputs, started, std::move(*done)), status, messages);
}

/// The captures have frames that the filter can judge, and the directory can be made.
flowstats::Result<void> check_traces(const ReplayPlan& plan, const Inputs& inputs) {
  for (const dataplane::CaptureFile& capture : inputs.captures)
    if (auto good = plan.replay.trace->filter->check(capture.link_type); !good) return good;
  return check_output(plan.trace->destination.root);
}

}  // namespace

int replay(const ReplayArguments& arguments, Messages& messages) {
  const auto started = Clock::now();
  std::optional<ExitOnSignal> early(std::in_place);
  auto plan = make_plan(arguments, messages);
  if (!plan) return static_cast<int>(ExitStatus::usage);
  plan->writer.base = output_base(plan->directory, arguments.files.front());
  const Inputs inputs = open_inputs(arguments, plan->replay.measurement.mode, messages);
  if (inputs.captures.empty()) return static_cast<int>(inputs.status);
  if (const auto usable = check_output(plan->writer.base); !usable)
    return fail_with(usable.error(), messages);
  if (plan->writer.exit_records) {
    std::filesystem::path& root = plan->writer.exit_records->root;
    if (root.empty()) root = plan->writer.base;
    if (const auto usable = check_output(root); !usable) return fail_with(usable.error(), messages);
  }
  if (plan->trace) {
    if (plan->trace->destination.root.empty()) plan->trace->destination.root = plan->writer.base;
    if (const auto usable = check_traces(*plan, inputs); !usable)
      return fail_with(usable.error(), messages);
  }
  for (const std::string& line : plan_lines(*plan, inputs)) messages.result(line);
  if (arguments.dry_run) {
    if (arguments.json) messages.document(plan_json(*plan, inputs));
    return static_cast<int>(inputs.status);
  }
  early.reset();
  return run(arguments, *plan, inputs, started, messages);
}

}  // namespace tapstat::control
