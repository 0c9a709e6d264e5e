/// One value of tapstat.toml: conversion of texts with units, and the sentence about a wrong one.
/// Control thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flowstats/base/units.h"

namespace tapstat::control {

/// What was mentioned replaces the default.
template <class Target, class Value>
void take(Target& target, const std::optional<Value>& value) {
  if (value) target = *value;
}

/// "250ms", "30s", "5m", "1h", "7d"; whole numbers only. Empty when it is none or does not fit.
[[nodiscard]] std::optional<flowstats::Duration> parse_duration(std::string_view text);

/// The same with the largest unit that it is a whole number of: "90s", "1h".
[[nodiscard]] std::string duration_text(flowstats::Duration duration);

/// "512B", "64KiB", "10GiB", "1TiB"; in bytes.
[[nodiscard]] std::optional<uint64_t> parse_size(std::string_view text);

/// "4", "4-7", "0,2,8-11": ranges ascend, numbers below 4096.
[[nodiscard]] bool is_core_list(std::string_view text);

/// "127.0.0.1:8888", "[::1]:8888", "localhost:80": a host and a port, 0 for
/// any free one.
[[nodiscard]] bool is_host_and_port(std::string_view text);

/// `text` as TOML writes it: quoted, control characters escaped.
[[nodiscard]] std::string toml_quoted(std::string_view text);

}  // namespace tapstat::control
