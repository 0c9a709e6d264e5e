/// The effective configuration with the origin of each value, for /api/v1/config. Control thread,
/// at start.
#pragma once

#include <vector>

#include "control/command_line.h"
#include "control/config.h"
#include "control/rest/rest_api.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

/// Every key that has an effect: from the flags, else from the environment (the variable's name),
/// else from the file ("tapstat.toml:12"), else its default; what depends on the mode comes from
/// `measurement`.
[[nodiscard]] std::vector<rest::ConfigOrigin> config_origins(
    const MeasureArguments& arguments, const Config& config,
    const flowstats::Measurement& measurement);

}  // namespace tapstat::control
