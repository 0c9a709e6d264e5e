/// Runs a measurement from the first packet to the last row: starts and stops pipeline and writer
/// in order, watches signals and live ports, shows progress.
///
/// SIGINT and SIGTERM stop reading, close the flows and write everything; a second SIGINT within
/// two seconds ends the process at once with status 1. SIGHUP stops too, unless the control plane
/// is there: then it reads its files again. SIGUSR1 prints a status block. When a thread
/// crashes (crash_watch.h), what is recorded is written and the process ends. The supervisor's
/// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/control_plane.h"
#include "control/live_watch.h"
#include "control/memory.h"
#include "control/messages.h"
#include "control/privileges/service_manager.h"
#include "control/progress.h"
#include "control/signal_watch.h"
#include "dataplane/packet_pipeline.h"
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
  dataplane::PipelineOptions pipeline;
  std::string command, source;              // for people: "replay", "dpdk"
  bool endless = false;                     // packets come until it is stopped
  LiveWatch* live = nullptr;                // of a run; outlives it
  const ServiceManager* service = nullptr;  // told how far it is, and that it lives; of a run
  std::optional<std::chrono::steady_clock::duration> duration;  // stops by itself
  exporters::WriterOptions writer;
  std::optional<exporters::TraceWriterOptions> trace;  // with pipeline.trace
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

using MakePipeline = std::function<flowstats::Result<std::unique_ptr<dataplane::PacketPipeline>>()>;
using BeforePackets = std::function<flowstats::Result<void>()>;

/// After start_eal(). `before_packets` is called when everything is open, and may refuse. Errors:
/// its own, those of `make`, ExitStatus::environment (memory, output directory); nothing was read
/// then.
[[nodiscard]] flowstats::Result<SupervisorResult> run_packet_pipeline(
    const MakePipeline& make, const BeforePackets& before_packets, const SupervisorOptions& options,
    const SignalWatch& signals, Messages& messages);

}  // namespace tapstat::control
