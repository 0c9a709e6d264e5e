/// What is wrong with one value of tapstat.toml, in words. Control thread.
#pragma once

#include <string>

#include <toml++/toml.h>

#include "control/config_keys.h"

namespace tapstat::control {

/// What values of the key may be: "1 to 64", "10ms to 1d", "dpdk, file or preloaded"; "-" for any.
[[nodiscard]] std::string range_text(const ConfigKey& key);

/// The value as the user may have written it, for messages.
[[nodiscard]] std::string value_text(const toml::node& node);

/// The rest of a sentence ("must be ..."), or an empty text when the value is acceptable.
[[nodiscard]] std::string complaint(const ConfigKey& key, const toml::node& node);

}  // namespace tapstat::control
