/// Names and moments as SideStream's tree of hourly files has them.
///
/// SideStream/yyyy/mm/dd/NODE/YYYYMMDDTHH:MM:SSZ_ALLn.web100, everything in UTC and named after the
/// start of the hour: a reader takes the time of all rows of a file from its name. Pure functions.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "flowstats/base/result.h"
#include "flowstats/base/units.h"
#include "flowstats/columns/column.h"

namespace tapstat::exporters {

inline constexpr size_t kPollTimeChars = 20;

/// The start of the hour that `time` lies in.
[[nodiscard]] flowstats::Timestamp start_of_hour(flowstats::Timestamp time);

/// "SideStream/2017/02/03/NODE"; without its last part when `node` is empty.
[[nodiscard]] std::filesystem::path hour_directory(flowstats::Timestamp hour,
                                                   std::string_view node);

/// "20170203T00:00:00Z_ALL", to be followed by the uniqueness counter.
[[nodiscard]] std::string hour_stem(flowstats::Timestamp hour);
/// "20170203T00:00:00Z_173.205.3.39_", for the file of one local address.
[[nodiscard]] std::string hour_stem(flowstats::Timestamp hour, const flowstats::Address& local);

/// The hour that a file's name begins with; nullopt when it begins with none.
[[nodiscard]] std::optional<flowstats::Timestamp> hour_in_name(std::string_view file_name);

/// "2017-02-03-12:00:03Z" at `out`, kPollTimeChars characters; returns their end. Years 0 to 9999.
[[nodiscard]] char* write_poll_time(char* out, flowstats::Timestamp time);

/// A node's name is one part of a path: letters, digits, '.', '_' and '-', at most 64, or nothing.
[[nodiscard]] flowstats::Result<void> check_node(std::string_view node);

/// The host's name up to its first dot; empty when it is no node's name.
[[nodiscard]] std::string default_node();

}  // namespace tapstat::exporters
