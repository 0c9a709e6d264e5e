/// Runs a replay from the first packet to the last row: starts and stops pipeline and writer in
/// order, watches signals, shows progress.
///
/// SIGINT and SIGTERM stop reading, close the flows and write everything; a second SIGINT within
/// two seconds ends the process at once with status 1. SIGHUP stops too, unless the control plane
/// is there: then it reads its files again. SIGUSR1 prints a status block. The supervisor's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "control/control_plane.h"
#include "control/memory.h"
#include "control/messages.h"
#include "control/progress.h"
#include "control/signal_watch.h"
#include "dataplane/replay_pipeline.h"
#include "exporters/trace_writer.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// After this many packets of the run, `config` is in force. For tests of the run-time switch;
/// packets and epochs ascend.
struct GroupSwitch {
  uint64_t packet = 0;
  flowstats::ActiveConfig config;
};

struct SupervisorOptions {
  dataplane::ReplayOptions replay;
  exporters::WriterOptions writer;
  std::optional<exporters::TraceWriterOptions> trace;  // with replay.trace
  MemorySettings memory;
  flowstats::ActiveConfig config;
  flowstats::Timestamp first_packet;  // names the first directory
  uint64_t packets_expected = 0;      // 0: unknown
  Progress::Form progress = Progress::Form::off;
  std::vector<GroupSwitch> switches;
  std::optional<ControlOptions> control;  // serve while it runs
};

struct SupervisorResult {
  flowstats::CounterValues counters;  // of all threads
  uint64_t flows_open = 0;
  double wall_s = 0;
  bool interrupted = false;
  std::chrono::steady_clock::time_point source_started;
  MemoryUse memory;
  flowstats::GroupMask groups;  // at the end
  exporters::WriterReport writer;
  exporters::TraceReport traces;
  std::optional<flowstats::Error> source_fault;  // a capture changed while it was read
};

/// After start_eal(). `captures` holds at least one. Errors: ExitStatus::environment (memory,
/// ports, output directory); nothing was read then.
[[nodiscard]] flowstats::Result<SupervisorResult> run_replay_pipeline(
    const std::vector<dataplane::CaptureFile>& captures, const SupervisorOptions& options,
    const SignalWatch& signals, Messages& messages);

}  // namespace tapstat::control
