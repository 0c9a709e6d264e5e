#include "exporters/catalogue_table.h"

#include <algorithm>

#include <fmt/format.h>

namespace tapstat::exporters {
namespace {

std::string markdown_row(const Cells& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += fmt::format(" {} |", cell);
  return line + '\n';
}

}  // namespace

std::string markdown_table(const Cells& titles, const std::vector<Cells>& rows) {
  std::string text = markdown_row(titles);
  text += markdown_row(Cells(titles.size(), "---"));
  for (const Cells& row : rows) text += markdown_row(row);
  return text;
}

std::string text_table(const Cells& titles, const std::vector<Cells>& rows) {
  std::vector<size_t> widths(titles.size(), 0);
  const auto widen = [&widths](const Cells& cells) {
    for (size_t i = 0; i + 1 < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
  };
  widen(titles);
  for (const Cells& row : rows) widen(row);
  const auto line = [&widths](const Cells& cells) {
    std::string text;
    for (size_t i = 0; i + 1 < cells.size(); ++i)
      text += fmt::format("{:<{}}  ", cells[i], widths[i]);
    return text + cells.back() + '\n';
  };
  std::string text = line(titles);
  for (const Cells& row : rows) text += line(row);
  return text;
}

}  // namespace tapstat::exporters
