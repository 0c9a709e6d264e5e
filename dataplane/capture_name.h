/// From the name that the user typed to an open regular file, or to the sentence that helps.
/// Control thread only.
#pragma once

#include <filesystem>
#include <string>

#include "dataplane/file_descriptor.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

/// Opens a regular file for reading. Errors: ExitStatus::input_unreadable with the reason; for a
/// name that does not exist with the most similar name in its directory.
[[nodiscard]] flowstats::Result<FileDescriptor> open_regular_file(
    const std::filesystem::path& name);

/// Names of a directory that are compared with a mistyped one.
inline constexpr int kNamesMax = 10'000;

/// In quotes, for messages.
[[nodiscard]] inline std::string quoted(const std::filesystem::path& name) {
  return "\"" + name.string() + "\"";
}

}  // namespace tapstat::dataplane
