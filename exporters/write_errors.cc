#include "exporters/write_errors.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

#include "exporters/output_room.h"

namespace tapstat::exporters {

std::string write_failure(const std::filesystem::path& file, std::string_view done, int error,
                          std::string_view when_full) {
  const bool full = is_lack_of_room(error) || error == EFBIG;
  return fmt::format("\"{}\" cannot be {}: {}.{}", file.string(), done,
                     std::generic_category().message(error), full ? when_full : "");
}

void WriteErrors::note(const std::string& what, uint64_t rows_lost) {
  const std::lock_guard lock{mutex_};
  auto cause = std::ranges::find(causes_, what, &Cause::what);
  if (cause == causes_.end()) cause = causes_.insert(cause, {what});
  cause->rows_lost += rows_lost;
  ++cause->times;
}

std::vector<WriteErrors::Cause> WriteErrors::causes() const {
  const std::lock_guard lock{mutex_};
  return causes_;
}

std::vector<std::string> WriteErrors::sentences() const {
  std::vector<std::string> sentences;
  for (const auto& [what, rows, times] : causes())
    sentences.push_back(
        rows == 0 ? what
                  : fmt::format("{} {} {} lost.", what, rows, rows == 1 ? "row is" : "rows are"));
  return sentences;
}

}  // namespace tapstat::exporters
