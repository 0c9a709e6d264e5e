/// What is said about traces: the section [output.trace] of tapstat.toml, and the flags. Control
/// thread, at start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "flowstats/base/units.h"

namespace tapstat::control {

/// What the file sets; an absent value was not mentioned.
struct TraceConfig {
  std::optional<bool> enabled;
  std::optional<std::filesystem::path> directory;  // relative names start at the file
  std::optional<std::string> node, filter;
  std::optional<uint32_t> snap_length, sample, flow_limit;
  std::optional<flowstats::Duration> pre, post;
  std::optional<bool> nanoseconds;
  std::optional<uint64_t> size_max, ring;  // bytes
};

/// The flags --trace and --trace-filter.
struct TraceArguments {
  std::optional<std::filesystem::path> directory;
  std::optional<std::string> filter;
};

}  // namespace tapstat::control
