/// tapstat anonymise-key: a file with a new key of anonymisation.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"

namespace tapstat::control {

/// Exit status; what went wrong has been printed.
[[nodiscard]] int anonymise_key(const AnonymiseKeyArguments& arguments, Messages& messages);

}  // namespace tapstat::control
