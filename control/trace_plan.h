/// Flags and [output.trace] of tapstat.toml brought together: what the workers copy, and where the
/// trace writer puts it. Also puts checked values of the section into a TraceConfig. Control
/// thread, at start.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include <toml++/toml.h>

#include "control/trace_config.h"
#include "dataplane/trace_tap.h"
#include "exporters/trace_writer.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// `directory` is where relative paths start.
void store_trace(TraceConfig& config, std::string_view name, const toml::node& node,
                 const std::filesystem::path& directory);

struct TracePlan {
  dataplane::TraceOptions tap;
  /// Without a root when none was named: it is that of the logs then.
  exporters::TraceWriterOptions writer;
};

/// Empty when no traces are asked for. Errors: ExitStatus::usage, with libpcap's words for a filter
/// that cannot be compiled.
[[nodiscard]] flowstats::Result<std::optional<TracePlan>> plan_trace(
    const TraceArguments& arguments, const TraceConfig& config);

/// The same checks whether or not traces are asked for.
[[nodiscard]] flowstats::Result<void> check_trace(const TraceConfig& config);

}  // namespace tapstat::control
