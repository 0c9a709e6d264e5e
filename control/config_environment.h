/// TAPSTAT_SECTION_KEY in the environment: a key of tapstat.toml that wins over the file.
///
/// The names come from the table of keys (config_keys.h): TAPSTAT_FLOWS_CAPACITY is `capacity` of
/// [flows]. Values are written without quotes, lists with commas; relative file names start at the
/// current directory. A variable that names a section or nearly a key and is none is an error; what
/// else begins with TAPSTAT_ is not ours. Control thread, at start.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/config.h"
#include "control/config_keys.h"

namespace tapstat::control {

struct EnvironmentVariable {
  std::string name, value;
};

/// Those of this process that begin with TAPSTAT_, in the order of their names.
[[nodiscard]] std::vector<EnvironmentVariable> environment_variables();

/// "TAPSTAT_OUTPUT_TSTAT_ROTATE"; empty for sections whose name the user chooses, which have none.
[[nodiscard]] std::string variable_of(const ConfigKey& key);

/// Puts them over what the file said. Errors join those of the file: "tapstat: VARIABLE = ...".
void take_environment(ConfigFile& file, std::span<const EnvironmentVariable> variables);

/// The file, if any, and this process's environment.
[[nodiscard]] ConfigFile load_configuration(const std::optional<std::filesystem::path>& file);

}  // namespace tapstat::control
