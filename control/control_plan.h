/// What the control plane is going to do: flags and tapstat.toml -> ControlOptions, every value
/// checked. Control thread, before anything starts.
#pragma once

#include "control/command_line.h"
#include "control/config.h"
#include "control/control_plane.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// `settings` says what is in force at the start and where it came from. Errors: ExitStatus::usage.
[[nodiscard]] flowstats::Result<ControlOptions> make_control_options(
    const MeasureArguments& arguments, const Config& config, Settings::Start settings);

/// What would keep the control plane from starting with [control] and [mplane] of a file: address,
/// certificates, token, role files. Errors: ExitStatus::usage.
[[nodiscard]] flowstats::Result<void> check_control(const ControlConfig& config);

}  // namespace tapstat::control
