/// What a live run asks of the system, and gives up again: are ports, cores and memory there, whose
/// rights does it keep, and where must it still be able to write. Control thread, at start.
#pragma once

#include <filesystem>
#include <vector>

#include "control/command_line.h"
#include "control/messages.h"
#include "control/plan.h"
#include "control/privileges/privileges.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// Before DPDK starts: everything that is wrong with ports and cores on this machine is printed.
/// Returns the status that the run must end with, or done.
[[nodiscard]] flowstats::ExitStatus check_machine(const RunArguments& arguments,
                                                  const MeasurePlan& plan, Messages& messages);

/// The user that the flag or tapstat.toml names; nobody else without one. Errors: as
/// find_identity(), and ExitStatus::environment when root's logs would go where only somebody else
/// may write once root's rights are given up.
[[nodiscard]] flowstats::Result<Identity> identity_of(const RunArguments& arguments,
                                                      const MeasurePlan& plan);

/// When everything is open: hands over the directories of all outputs, with the directories in
/// them, and gives up every right that reading packets does not need. Errors:
/// ExitStatus::environment; the process must end then.
[[nodiscard]] flowstats::Result<void> give_up_rights(const MeasurePlan& plan,
                                                     const Identity& identity);

/// CPUs of the workers, as the flag or the ports that are measured say; empty: nobody says.
[[nodiscard]] std::vector<int> worker_cpus(const RunArguments& arguments, const MeasurePlan& plan);

}  // namespace tapstat::control
