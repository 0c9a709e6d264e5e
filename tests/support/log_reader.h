/// Reads a Tstat text log back: header and rows, by column name.
///
/// Throws std::runtime_error on a line that does not fit the header. Values stay text, since text
/// is what is promised.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tapstat::tests {

struct Log {
  std::string group_number;          // the NN of "#NN#"
  std::vector<std::string> columns;  // names in order
  std::vector<std::vector<std::string>> rows;

  /// The value of the first column of that name. Throws std::out_of_range.
  [[nodiscard]] const std::string& at(size_t row, std::string_view column) const;
  [[nodiscard]] size_t index_of(std::string_view column) const;
};

[[nodiscard]] Log read_log_text(std::string_view text);
[[nodiscard]] Log read_log(const std::filesystem::path& file);

/// The whole file as text. Throws std::runtime_error when it cannot be read.
[[nodiscard]] std::string read_text(const std::filesystem::path& file);

}  // namespace tapstat::tests
