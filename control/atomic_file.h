/// Replaces a small file so that a reader, or the next start after a crash, finds either the old
/// content or the new one: temporary file beside it, fsync, rename, fsync of the directory.
///
/// For files of a few kilobytes: it waits for the disk. Control thread.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string_view>

#include "flowstats/base/result.h"

namespace tapstat::control {

/// `mode` is that of the new file, whatever the umask. Errors: ExitStatus::environment, with the
/// path and the system's reason; the old file is untouched and no temporary one is left.
[[nodiscard]] flowstats::Result<void> replace_file(const std::filesystem::path& path,
                                                   std::string_view text, mode_t mode);

}  // namespace tapstat::control
