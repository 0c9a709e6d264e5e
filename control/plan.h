/// What a replay or a run is going to do: flags, tapstat.toml, runtime.conf and the list of
/// networks brought together.
///
/// Order: defaults, tapstat.toml, environment, flags; runtime.conf decides about groups and logs
/// unless -g names the groups. Control thread, before anything starts.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "control/command_line.h"
#include "control/control_plane.h"
#include "control/memory.h"
#include "control/messages.h"
#include "control/ports_config.h"
#include "dataplane/packet_pipeline.h"
#include "exporters/trace_writer.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"

namespace tapstat::control {

struct MeasurePlan {
  dataplane::PipelineOptions pipeline;
  exporters::WriterOptions writer;  // base is set when the first capture's name is known
  dataplane::ReaderKind reader = dataplane::ReaderKind::dpdk;  // of captures
  std::vector<PortConfig> configured_ports;                    // of tapstat.toml
  std::vector<dataplane::PortRequest> ports;                   // of a run
  RunConfig run;
  MemorySettings memory;
  std::optional<std::filesystem::path> directory;
  flowstats::ActiveConfig config;
  std::optional<exporters::TraceWriterOptions> trace;  // of pipeline.trace; root as for `writer`
  std::optional<ControlOptions> control;               // absent: nobody serves
  bool key_is_new = false;                 // of writer.anonymiser: to be kept beside the logs
  std::vector<std::string> announcements;  // Tstat's lines about runtime.conf, without the time
};

/// Reads and checks every file that the arguments name; empty after at least one error, all of
/// which have been printed.
[[nodiscard]] std::optional<MeasurePlan> make_plan(const MeasureArguments& arguments,
                                                   Messages& messages);

}  // namespace tapstat::control
