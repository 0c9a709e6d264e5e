/// Output directories: BASE/YYYY_MM_DD_HH_MM.out, named after a packet time in the local time zone
/// of the process.
///
/// When the name exists, YYYY_MM_DD_HH_MM.out_1, .out_2 and so on: nothing is ever deleted or
/// appended to. Times are packet times; TZ decides the zone.
#pragma once

#include <filesystem>
#include <string>

#include "flowstats/base/result.h"
#include "flowstats/base/units.h"

namespace tapstat::exporters {

inline constexpr unsigned kDirectorySuffixMax = 9999;

/// `suffix` 0 gives the plain name.
[[nodiscard]] std::string directory_name(flowstats::Timestamp time, unsigned suffix);

/// "Wed May 14 23:42:24 2014": ctime's form, as in Tstat's messages.
[[nodiscard]] std::string message_time(flowstats::Timestamp time);

/// Makes `base` with its parents when absent, and one new directory below it (mode 0775 less the
/// umask). Errors: ExitStatus::environment.
[[nodiscard]] flowstats::Result<std::filesystem::path> create_output_directory(
    const std::filesystem::path& base, flowstats::Timestamp time);

}  // namespace tapstat::exporters
