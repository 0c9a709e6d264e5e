/// The commands that speak to a running probe: status, groups, rotate, reload, stop and mplane.
/// Control thread.
#pragma once

#include <memory>

#include "control/command_part.h"

namespace tapstat::control {

[[nodiscard]] std::unique_ptr<CommandPart> remote_command_line();

}  // namespace tapstat::control
