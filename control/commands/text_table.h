/// Cells -> lines with columns below each other, for lists on a terminal. Pure.
#pragma once

#include <string>
#include <vector>

namespace tapstat::control {

class TextTable {
 public:
  /// The first row is usually the heading. Rows may have fewer cells than others.
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Columns that are set to the right side: numbers.
  void align_right(size_t column) { right_.push_back(column); }

  /// Lines without blanks at their ends, each with a line end.
  [[nodiscard]] std::string str() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> right_;
};

}  // namespace tapstat::control
