/// What a measurement leaves behind when it is over: remarks, summary.json and counters.json beside
/// the logs, the end table, the exit status. Control thread.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"
#include "control/run_result.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// `so_far` is what the inputs ask for. Returns the process's exit status.
[[nodiscard]] int report(const MeasureArguments& arguments, const RunResult& result,
                         flowstats::ExitStatus so_far, Messages& messages);

}  // namespace tapstat::control
