/// Reads the facts of a machine from /sys, /proc and /dev below a root directory. Control thread.
#pragma once

#include <filesystem>

#include "control/doctor/machine.h"
#include "control/doctor/running_kernel.h"

namespace tapstat::control::doctor {

/// `root` is "/" for this machine, or a copy of another's files. What is not there stays empty;
/// disk facts are the caller's.
[[nodiscard]] Machine read_machine(const std::filesystem::path& root, const KernelAnswers& answers);

/// This machine, or the copy in `root`.
[[nodiscard]] Machine read_machine(const std::filesystem::path& root = "/");

}  // namespace tapstat::control::doctor
