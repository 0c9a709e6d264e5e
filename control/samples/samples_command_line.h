/// The flags of `tapstat samples`. Control thread.
#pragma once

#include <memory>

#include "control/command_part.h"

namespace tapstat::control {

[[nodiscard]] std::unique_ptr<CommandPart> samples_command_line();

}  // namespace tapstat::control
