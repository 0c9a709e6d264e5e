/// Puts the checked values of [privacy] into a PrivacyConfig. Control thread, at start.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "control/privacy_config.h"

namespace tapstat::control {

/// `directory` is where relative paths start. Empty, or the rest of a sentence about a wrong value.
[[nodiscard]] std::string store_privacy(PrivacyConfig& config, std::string_view name,
                                        const toml::node& node,
                                        const std::filesystem::path& directory);

}  // namespace tapstat::control
