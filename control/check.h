/// `tapstat check`: reads configuration files as a start would; starts and writes nothing.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"

namespace tapstat::control {

/// Returns the process's exit status: done, or usage with every mistake on standard error.
[[nodiscard]] int check(const CheckArguments& arguments, Messages& messages);

}  // namespace tapstat::control
