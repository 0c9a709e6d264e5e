/// `tapstat split`: cuts captures into one for each connection, host, pair of hosts or port.
///
/// Merges the captures by time, removes what two of them have both, and distributes the packets.
/// Memory depends on --memory alone, not on the number of packets or connections. Control thread.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"

namespace tapstat::control::splitting {

/// Exit statuses of this command (docs/split.md), which differ from those of the others.
enum class SplitStatus : int {
  done = 0,
  damaged = 1,  // an input ends early or changed meanwhile; or the packets do not add up
  usage = 2,
  input_output = 3
};

/// Returns the process's exit status.
[[nodiscard]] int split(const SplitArguments& arguments, Messages& messages);

}  // namespace tapstat::control::splitting
