/// Values that are written the same way on the command line and in tapstat.toml: groups, schema,
/// mode, source, speed.
///
/// Each parser returns the value or the rest of a sentence that says what is wrong ("unknown column
/// group. Did you mean ..."). Control thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "control/exit_config.h"
#include "dataplane/reader_kind.h"
#include "flowstats/active_config.h"
#include "flowstats/group_mask.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

template <class T>
using Parsed = tl::expected<T, std::string>;

/// "core,end_to_end", "all" (the four with columns) or "none" (core only).
[[nodiscard]] Parsed<flowstats::GroupMask> parse_groups(std::string_view text);
/// "tcp_complete,udp_complete", "usual" (those of flows and streams), "all" or "none".
[[nodiscard]] Parsed<flowstats::LogMask> parse_logs(std::string_view text);
/// "tstat,web100", at least one of them.
[[nodiscard]] Parsed<OutputChoice> parse_outputs(std::string_view text);
[[nodiscard]] Parsed<flowstats::Schema> parse_schema(std::string_view text);
[[nodiscard]] Parsed<flowstats::Mode> parse_mode(std::string_view text);
[[nodiscard]] Parsed<dataplane::ReaderKind> parse_source(std::string_view text);
/// "max" (0), "realtime" (1) or "x10", "x0.5".
[[nodiscard]] Parsed<double> parse_speed(std::string_view text);

[[nodiscard]] std::string_view schema_name(flowstats::Schema schema);
[[nodiscard]] std::string_view mode_name(flowstats::Mode mode);
[[nodiscard]] std::string_view source_name(dataplane::ReaderKind source);
/// Names of the groups in the order of the file, core first.
[[nodiscard]] std::vector<std::string> group_names(flowstats::GroupMask groups);

/// The rest of a sentence about a value that must be one of `names`.
[[nodiscard]] std::string not_one_of(std::string_view typed, const std::vector<std::string>& names);

/// "512M", "1GiB", "65536": powers of 1,024. Empty when it is none or does not fit.
[[nodiscard]] std::optional<uint64_t> size_of_text(std::string_view text);

}  // namespace tapstat::control
