/// The nearest valid name for a mistyped one, for "Did you mean" in messages.
///
/// Distance is the number of single-character edits, a swap of two neighbours counting as one
/// (optimal string alignment: Damerau, Comm. ACM 7(3), 1964), without regard to case. For short
/// names typed by people; control thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tapstat::flowstats {

/// Edits that turn `a` into `b`, ASCII case ignored. Cost: a.size() x b.size().
[[nodiscard]] size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `typed`, the first of several equally near ones; empty when none is
/// near enough to be meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view typed,
                                                 std::span<const std::string> candidates);

/// " Did you mean "X"?" or an empty string; to be appended to a sentence.
[[nodiscard]] std::string did_you_mean(std::string_view typed,
                                       std::span<const std::string> candidates);

}  // namespace tapstat::flowstats
