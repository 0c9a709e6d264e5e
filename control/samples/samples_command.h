/// `tapstat samples`: serves the sample files until it is told to stop, or writes them. Control
/// thread.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"

namespace tapstat::control {

/// The exit status. SIGINT, SIGTERM and SIGHUP end the serving with one line of sums.
[[nodiscard]] int samples(const SamplesArguments& arguments, Messages& messages);

}  // namespace tapstat::control
