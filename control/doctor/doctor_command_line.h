/// The flags of `tapstat doctor` and `tapstat host-setup`. Control thread.
#pragma once

#include <memory>

#include "control/command_part.h"

namespace tapstat::control::doctor {

[[nodiscard]] std::unique_ptr<CommandPart> doctor_command_line();
[[nodiscard]] std::unique_ptr<CommandPart> host_setup_command_line();

}  // namespace tapstat::control::doctor
