/// `tapstat doctor` and `tapstat host-setup`. Control thread.
#pragma once

#include "control/command_line.h"
#include "control/messages.h"

namespace tapstat::control::doctor {

/// The exit status: environment when something prevents `tapstat run`.
[[nodiscard]] int doctor(const DoctorArguments& arguments, Messages& messages);

/// The exit status. Changes the machine only with --apply.
[[nodiscard]] int host_setup(const HostSetupArguments& arguments, Messages& messages);

}  // namespace tapstat::control::doctor
