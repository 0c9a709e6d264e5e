/// The command line of `tapstat run`. Control thread.
#pragma once

#include <memory>

#include "control/command_part.h"

namespace tapstat::control {

[[nodiscard]] std::unique_ptr<CommandPart> run_command_line();

}  // namespace tapstat::control
