/// summary.json and counters.json: the result of a replay for programs.
#pragma once

#include <filesystem>
#include <string>

#include "control/ledger.h"
#include "control/run_result.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// The whole result as one JSON object (docs/operations.md names its members), indented by two
/// blanks.
[[nodiscard]] std::string summary_json(const RunResult& result, const Ledger& ledger,
                                       int exit_status);

/// Every counter by name, plain numbers, and the equations.
[[nodiscard]] std::string counters_json(const RunResult& result, const Ledger& ledger);

/// Writes `text` whole under `path` or leaves nothing under that name. Errors:
/// ExitStatus::records_lost.
[[nodiscard]] flowstats::Result<void> write_file(const std::filesystem::path& path,
                                                 const std::string& text);

}  // namespace tapstat::control
