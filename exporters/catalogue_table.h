/// Tables of the documentation that is made from our own tables: as text and as Markdown. Cold
/// path, pure functions.
#pragma once

#include <string>
#include <vector>

namespace tapstat::exporters {

using Cells = std::vector<std::string>;

/// Left-aligned cells two blanks apart; the last is as wide as it is. Rows have as many cells as
/// `titles`.
[[nodiscard]] std::string text_table(const Cells& titles, const std::vector<Cells>& rows);

[[nodiscard]] std::string markdown_table(const Cells& titles, const std::vector<Cells>& rows);

}  // namespace tapstat::exporters
