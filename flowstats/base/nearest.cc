#include "flowstats/base/nearest.h"

#include <algorithm>
#include <vector>

#include "flowstats/base/text.h"

namespace tapstat::flowstats {
namespace {

/// Longer names are cut: a message needs no exact distance between long lines.
constexpr size_t kCompareMax = 256;

/// A third of the typed name may be wrong, in short names one character.
size_t edits_max(size_t length) { return std::max<size_t>(1, (length + 2) / 3); }

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  a = a.substr(0, kCompareMax);
  b = b.substr(0, kCompareMax);
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = ascii_lower(a[i - 1]) == ascii_lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && ascii_lower(a[i - 1]) == ascii_lower(b[j - 2]) &&
                           ascii_lower(a[i - 2]) == ascii_lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

std::optional<std::string> nearest(std::string_view typed,
                                   std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  size_t best_distance = edits_max(typed.size()) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(typed, candidate);
    if (distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::string did_you_mean(std::string_view typed, std::span<const std::string> candidates) {
  const auto name = nearest(typed, candidates);
  return name ? " Did you mean \"" + *name + "\"?" : std::string{};
}

}  // namespace tapstat::flowstats
