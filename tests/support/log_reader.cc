#include "tests/support/log_reader.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tapstat::tests {
namespace {

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> words;
  for (size_t start = 0; start <= line.size();) {
    const size_t end = std::min(line.find(' ', start), line.size());
    words.emplace_back(line.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

void read_header(Log& log, std::string_view line) {
  const size_t second_hash = line.find('#', 1);
  if (line.empty() || line[0] != '#' || second_hash == std::string_view::npos)
    throw std::runtime_error("not a header: " + std::string(line.substr(0, 40)));
  log.group_number = line.substr(1, second_hash - 1);
  for (const std::string& word : split(line.substr(second_hash + 1))) {
    const size_t colon = word.find(':');
    log.columns.push_back(word.substr(0, colon));
    if (colon == std::string::npos || word.substr(colon + 1) != std::to_string(log.columns.size()))
      throw std::runtime_error("header positions are not 1, 2, 3 ... at " + word);
  }
}

}  // namespace

size_t Log::index_of(std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end()) throw std::out_of_range("no column " + std::string(column));
  return static_cast<size_t>(found - columns.begin());
}

const std::string& Log::at(size_t row, std::string_view column) const {
  return rows.at(row).at(index_of(column));
}

Log read_log_text(std::string_view text) {
  Log log;
  if (text.empty() || text.back() != '\n')
    throw std::runtime_error("log does not end with a newline");
  for (size_t start = 0; start < text.size();) {
    const size_t end = text.find('\n', start);
    const std::string_view line = text.substr(start, end - start);
    start = end + 1;
    if (log.columns.empty()) {
      read_header(log, line);
      continue;
    }
    log.rows.push_back(split(line));
    if (log.rows.back().size() != log.columns.size())
      throw std::runtime_error("row " + std::to_string(log.rows.size()) + " has " +
                               std::to_string(log.rows.back().size()) + " values, the header has " +
                               std::to_string(log.columns.size()));
  }
  return log;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

Log read_log(const std::filesystem::path& file) {
  try {
    return read_log_text(read_text(file));
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(file.string() + ": " + error.what());
  }
}

}  // namespace tapstat::tests
