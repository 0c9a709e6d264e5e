/// The table at the end of a replay: what came in, what became of it, how fast, and where it is.
#pragma once

#include <string>

#include "control/ledger.h"
#include "control/run_result.h"

namespace tapstat::control {

/// Several lines, without a newline at the end. A difference that is not 0 is marked.
[[nodiscard]] std::string end_table(const RunResult& result, const Ledger& ledger);

}  // namespace tapstat::control
