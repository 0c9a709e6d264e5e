#include "control/measure_start.h"

#include <unistd.h>

#include <utility>

#include "control/full_output.h"
#include "control/output_check.h"
#include "control/privacy.h"
#include "control/runtime_conf.h"
#include "dataplane/eal.h"

namespace tapstat::control {

using flowstats::Result;

namespace {

Progress::Form progress_form(bool wanted) {
  if (!wanted) return Progress::Form::off;
  return isatty(STDERR_FILENO) == 1 ? Progress::Form::redrawn : Progress::Form::plain;
}

}  // namespace

Result<void> settle_outputs(MeasurePlan& plan) {
  if (auto usable = check_output(plan.writer.base); !usable) return usable;
  if (auto usable = settle_spool(plan.writer); !usable) return usable;
  if (plan.writer.exit_records) {
    std::filesystem::path& root = plan.writer.exit_records->root;
    if (root.empty()) root = plan.writer.base;
    if (auto usable = check_output(root); !usable) return usable;
  }
  if (!plan.trace) return {};
  std::filesystem::path& root = plan.trace->destination.root;
  if (root.empty()) root = plan.writer.base;
  return check_output(root);
}

Result<void> tell_before_start(const MeasurePlan& plan, flowstats::Timestamp first_packet,
                               Messages& messages) {
  for (const std::string& line : plan.announcements) messages.result(announcement_line("-", line));
  if (!plan.key_is_new) return {};
  const auto path = write_key(plan.writer.base, first_packet, plan.writer.anonymiser->key);
  if (!path) return tl::make_unexpected(path.error());
  messages.note("the key of anonymisation of this run is in \"" + path->string() +
                "\". Whoever has it can undo the anonymisation.");
  return {};
}

SupervisorOptions supervisor_options(const MeasureArguments& arguments, const MeasurePlan& plan) {
  SupervisorOptions options;
  options.pipeline = plan.pipeline;
  options.writer = plan.writer;
  options.trace = plan.trace;
  options.memory = plan.memory;
  options.config = plan.config;
  options.control = plan.control;
  options.progress = progress_form(arguments.progress && !arguments.out.quiet);
  return options;
}

RunResult measured(const MeasurePlan& plan, std::chrono::steady_clock::time_point started,
                   SupervisorResult done) {
  RunResult r;
  r.mode = plan.pipeline.measurement.mode;
  r.schema = plan.writer.schema;
  r.groups = done.groups;
  r.workers = plan.pipeline.workers;
  r.gzip = plan.writer.gzip;
  r.interrupted = done.interrupted;
  r.counters = done.counters;
  r.flows_open = done.flows_open;
  r.wall_s = done.wall_s;
  r.start_s = std::chrono::duration<double>(done.source_started - started).count();
  r.memory = done.memory;
  r.writer = std::move(done.writer);
  r.traces = std::move(done.traces);
  r.dpdk_version = dataplane::dpdk_version();
  return r;
}

int fail_with(const flowstats::Error& error, Messages& messages) {
  messages.error(error.sentence);
  return static_cast<int>(error.status);
}

}  // namespace tapstat::control
