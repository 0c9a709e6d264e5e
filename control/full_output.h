/// What is to happen when the file system of the logs is full: [output.tstat] of tapstat.toml made
/// into the writer's options. Control thread, at start.
#pragma once

#include <filesystem>
#include <string_view>

#include <toml++/toml.h>

#include "control/full_output_config.h"
#include "exporters/writer.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// One key of the section, already checked; other keys do nothing. `directory` is where relative
/// paths start.
void store_full_output(FullOutputConfig& config, std::string_view name, const toml::node& node,
                       const std::filesystem::path& directory);

/// A spool that nobody named is in the state directory that systemd gives; without one rows are
/// dropped. Errors: ExitStatus::usage.
[[nodiscard]] flowstats::Result<exporters::FullOptions> plan_full_output(
    const FullOutputConfig& config);

/// Live ports do not wait. Errors: ExitStatus::usage.
[[nodiscard]] flowstats::Result<void> check_live(const exporters::FullOptions& full);

/// Nothing is created. The spool must be another file system than the base, and take files. One
/// that nobody named is given up when it is the same. Errors: ExitStatus::environment.
[[nodiscard]] flowstats::Result<void> settle_spool(exporters::WriterOptions& writer);

}  // namespace tapstat::control
