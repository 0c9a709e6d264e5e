/// -o and [output.web100] of tapstat.toml brought together: what the workers measure for exit
/// records, and where the writer puts them. Also puts checked values of the section into an
/// ExitConfig. Control thread, at start.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "control/exit_config.h"
#include "exporters/web100_log.h"
#include "flowstats/base/result.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

/// `directory` is where relative paths start. Empty, or the rest of a sentence that says what is
/// wrong.
[[nodiscard]] std::string store_exit(ExitConfig& config, std::string_view name,
                                     const toml::node& node,
                                     const std::filesystem::path& directory);

struct ExitPlan {
  flowstats::ExitRecords measurement;
  /// Without a root when none was named: it is that of the logs then.
  exporters::Web100Options files;
};

/// `flows_max`: TCP flows of a worker, as many connections unless the file says otherwise. Errors:
/// ExitStatus::usage.
[[nodiscard]] flowstats::Result<ExitPlan> plan_exit_records(const ExitConfig& config,
                                                            uint32_t flows_max);

}  // namespace tapstat::control
