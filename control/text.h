/// Small text tools of the configuration parsers: lines, blanks, numbers, whole files. Control
/// thread.
#pragma once

#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flowstats/base/result.h"

namespace tapstat::control {

/// Without blanks, tabs and carriage returns at either end.
[[nodiscard]] std::string_view trim(std::string_view text);

/// Cut at every `separator`; "a,,b" has three parts, "" has one.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

[[nodiscard]] std::string lower_case(std::string_view text);

/// "a, b or c".
[[nodiscard]] std::string one_of_text(const std::vector<std::string>& names);

/// The sentence about settings of a file that are accepted and have no effect yet.
[[nodiscard]] std::string not_built_sentence(const std::string& file,
                                             const std::vector<std::string>& what);

/// The whole of `text` as a decimal number; empty when it is not one or does not fit.
template <class T>
[[nodiscard]] std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Configuration files larger than this are refused: nobody writes them by hand.
inline constexpr size_t kConfigBytesMax = 1 << 20;

/// Reads a regular file of at most kConfigBytesMax bytes. Errors: ExitStatus::usage; the sentence
/// is "cannot read "PATH": REASON.".
[[nodiscard]] flowstats::Result<std::string> read_config_file(const std::filesystem::path& path);

}  // namespace tapstat::control
