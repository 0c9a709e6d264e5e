/// Puts a checked value of tapstat.toml or of the environment into a Config. Control thread, at
/// start.
#pragma once

#include <filesystem>
#include <string>

#include <toml++/toml.h>

#include "control/config.h"
#include "control/config_keys.h"

namespace tapstat::control {

/// `node` passed complaint(); `directory` is where relative paths start. Empty, or the rest of a
/// sentence about a wrong value.
[[nodiscard]] std::string store_setting(Config& config, const ConfigKey& key,
                                        const toml::node& node,
                                        const std::filesystem::path& directory);

}  // namespace tapstat::control
