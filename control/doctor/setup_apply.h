/// Carries a plan of host-setup out, and back. What takes a change back is on disk before the
/// change is made. Control thread.
#pragma once

#include <string_view>
#include <vector>

#include "control/doctor/setup_plan.h"
#include "control/doctor/sys_files.h"
#include "flowstats/base/result.h"

namespace tapstat::control::doctor {

/// Pages and bindings last until the next boot, and so does what is in /run.
inline constexpr std::string_view kUndoFile = "/run/tapstat-host-setup.undo";

/// Below another root than "/" files are written, programs are not run and nothing is read back.
/// Errors: ExitStatus::environment; what was done before stays and can be taken back.
[[nodiscard]] flowstats::Result<void> apply_setup(const SetupPlan& plan, const SysFiles& files);

/// The writes that take back everything applied since the last undo, the newest change first.
[[nodiscard]] std::vector<KernelWrite> undo_writes(const SysFiles& files);

/// Does them all and forgets them. Errors: ExitStatus::environment, the first of several; then they
/// are remembered.
[[nodiscard]] flowstats::Result<void> undo_setup(const SysFiles& files);

}  // namespace tapstat::control::doctor
