/// Files that hold a secret, one line of text each: tokens of operators, keys of anonymisation.
/// Control thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "flowstats/base/result.h"

namespace tapstat::control {

inline constexpr size_t kSecretFileBytesMax = 4096;  // that are looked at

/// The first line of a regular file of ours with mode 0400 or 0600, without its end. `what` is what
/// messages call the file ("token file"). Errors: ExitStatus::usage, with the mode and what to do.
[[nodiscard]] flowstats::Result<std::string> read_secret(const std::filesystem::path& path,
                                                         std::string_view what);

/// Makes the file with mode 0400 and this one line. Errors: ExitStatus::usage when there is a file
/// of that name already, which is never overwritten; else ExitStatus::environment.
[[nodiscard]] flowstats::Result<void> create_secret(const std::filesystem::path& path,
                                                    std::string_view line);

}  // namespace tapstat::control
