/// The sample files on disk, for another web server to serve. Control thread.
#pragma once

#include <filesystem>

#include "flowstats/base/result.h"

namespace tapstat::control {

struct SampleFilesWritten {
  unsigned written = 0;
  unsigned kept = 0;  // were there already, byte for byte
};

/// Makes `directory` if need be and writes all sample files into it. A file of such a name with
/// other content is replaced with `overwrite`; without it, it is an error (ExitStatus::usage) that
/// is found before anything is written. Other errors: ExitStatus::environment.
[[nodiscard]] flowstats::Result<SampleFilesWritten> write_sample_files(
    const std::filesystem::path& directory, bool overwrite);

}  // namespace tapstat::control
