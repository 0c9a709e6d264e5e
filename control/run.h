/// `tapstat run`: live ports in, logs, end table and exit status out, until stopped.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"

namespace tapstat::control {

/// Returns the process's exit status (docs/operations.md).
[[nodiscard]] int run(const RunArguments& arguments, Messages& messages);

}  // namespace tapstat::control
