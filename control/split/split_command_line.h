/// The flags of `tapstat split`. Control thread.
#pragma once

#include <memory>

#include "control/command_part.h"

namespace tapstat::control::splitting {

[[nodiscard]] std::unique_ptr<CommandPart> split_command_line();

}  // namespace tapstat::control::splitting
