/// Puts the checked values of [control] and [mplane] into a ControlConfig. Control thread, at
/// start.
#pragma once

#include <filesystem>
#include <string_view>

#include <toml++/toml.h>

#include "control/control_config.h"

namespace tapstat::control {

/// `directory` is where relative paths start.
void store_control(ControlConfig& config, std::string_view name, const toml::node& node,
                   const std::filesystem::path& directory);

}  // namespace tapstat::control
