/// Where the logs will go, decided and tested before anything starts; nothing is created.
#pragma once

#include <filesystem>
#include <optional>

#include "flowstats/base/result.h"

namespace tapstat::control {

/// Tstat's rule: what was asked for, else the name of the first capture; ".out" is appended when a
/// regular file has that name already.
[[nodiscard]] std::filesystem::path output_base(const std::optional<std::filesystem::path>& wanted,
                                                const std::filesystem::path& first_capture);

/// Are both, which may not exist yet, on the same file system?
[[nodiscard]] bool on_one_file_system(const std::filesystem::path& a,
                                      const std::filesystem::path& b);

/// Can directories be made below `base` (which may not exist yet)? Errors: ExitStatus::environment,
/// with user, owner and mode of the directory that refuses.
[[nodiscard]] flowstats::Result<void> check_output(const std::filesystem::path& base);

}  // namespace tapstat::control
