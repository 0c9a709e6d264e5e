/// What a replay is going to do: flags, tapstat.toml, runtime.conf and the list of networks brought
/// together.
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
#include "dataplane/replay_pipeline.h"
#include "exporters/trace_writer.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"

namespace tapstat::control {

struct ReplayPlan {
  dataplane::ReplayOptions replay;
  exporters::WriterOptions writer;  // base is set when the captures are known
  MemorySettings memory;
  std::optional<std::filesystem::path> directory;
  flowstats::ActiveConfig config;
  std::optional<exporters::TraceWriterOptions> trace;  // of replay.trace; root as for `writer`
  std::optional<ControlOptions> control;               // with --serve
  bool key_is_new = false;                 // of writer.anonymiser: to be kept beside the logs
  std::vector<std::string> announcements;  // Tstat's lines about runtime.conf, without the time
};

/// Reads and checks every file that the arguments name; empty after at least one error, all of
/// which have been printed.
[[nodiscard]] std::optional<ReplayPlan> make_plan(const ReplayArguments& arguments,
                                                  Messages& messages);

}  // namespace tapstat::control
