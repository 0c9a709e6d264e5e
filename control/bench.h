/// `tapstat bench`: how fast the worker path is on this machine with the traffic of given captures.
///
/// Loads the captures into memory, repeats them side by side with other addresses until the wanted
/// number of flows is open, and times the product's own path, the floor of the machine and the rows
/// in turn. No EAL, no huge pages, no privileges, no files. Control thread.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"

namespace tapstat::control {

/// Returns the process's exit status.
[[nodiscard]] int bench(const BenchArguments& arguments, Messages& messages);

}  // namespace tapstat::control
