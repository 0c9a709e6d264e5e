#include "exporters/write_errors.h"

#include <algorithm>

#include <fmt/format.h>

namespace tapstat::exporters {

void WriteErrors::note(const std::string& what, uint64_t rows_lost) {
  const std::lock_guard lock{mutex_};
  const auto known = std::find_if(causes_.begin(), causes_.end(),
                                  [&what](const auto& cause) { return cause.first == what; });
  if (known != causes_.end())
    known->second += rows_lost;
  else
    causes_.emplace_back(what, rows_lost);
}

std::vector<std::string> WriteErrors::sentences() const {
  const std::lock_guard lock{mutex_};
  std::vector<std::string> sentences;
  for (const auto& [what, rows] : causes_)
    sentences.push_back(
        rows == 0 ? what
                  : fmt::format("{} {} {} lost.", what, rows, rows == 1 ? "row is" : "rows are"));
  return sentences;
}

}  // namespace tapstat::exporters
