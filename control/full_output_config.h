/// What tapstat.toml says about a full file system of the logs: on_full, spool and spool_max of
/// [output.tstat]. Control thread, at start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "exporters/output_room.h"

namespace tapstat::control {

/// What the file sets; an absent value was not mentioned.
struct FullOutputConfig {
  std::optional<exporters::WhenFull> on_full;
  std::optional<std::filesystem::path> spool;  // relative names start at the file's directory
  std::optional<uint64_t> spool_max;           // bytes
};

}  // namespace tapstat::control
