/// Checked values of [ports.NAME] and [run] of tapstat.toml -> PortConfig and RunConfig. Control
/// thread, at start.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "control/ports_config.h"

namespace tapstat::control {

/// Puts a checked value of [ports.`port`] into `ports`, which gets a new entry for a new name.
/// `file` is where it stands. Returns what is wrong with the value, or nothing.
[[nodiscard]] std::string store_port(std::vector<PortConfig>& ports, const std::string& port,
                                     std::string_view name, const toml::node& node,
                                     const std::filesystem::path& file);
[[nodiscard]] std::string store_run(RunConfig& config, std::string_view name,
                                    const toml::node& node);

}  // namespace tapstat::control
