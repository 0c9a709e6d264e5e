/// `tapstat replay`: captures in, logs, end table and exit status out.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"

namespace tapstat::control {

/// Returns the process's exit status (docs/operations.md).
[[nodiscard]] int replay(const ReplayArguments& arguments, Messages& messages);

}  // namespace tapstat::control
