/// The command line of `tapstat replay`. Control thread.
#pragma once

#include <memory>

#include "control/command_part.h"

namespace tapstat::control {

[[nodiscard]] std::unique_ptr<CommandPart> replay_command_line();

}  // namespace tapstat::control
