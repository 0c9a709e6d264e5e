/// What tests ask of a tree of exit records: its files, their records, and whether a strict reader
/// that shares no table with the writer accepts them all.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "tests/support/log_reader.h"

namespace tapstat::tests {

/// Contents of the published files by their paths below `root`.
inline std::map<std::string, std::string> published_files(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> files;
  if (!fs::exists(root / "SideStream")) return files;
  for (const auto& entry : fs::recursive_directory_iterator{root / "SideStream"})
    if (entry.is_regular_file())
      files[fs::relative(entry.path(), root).string()] = read_text(entry.path());
  return files;
}

/// Lines of records.
inline size_t records_in(const std::string& text) {
  size_t records = 0;
  for (size_t at = text.find("\nC: "); at != std::string::npos; at = text.find("\nC: ", at + 1))
    ++records;
  return records;
}

/// scripts/check_web100.py finds no error in the tree.
inline bool is_accepted(const std::filesystem::path& root) {
  const std::string command = "python3 \"" TAPSTAT_SOURCE_ROOT
                              "/scripts/check_web100.py\" --no-warnings \"" +
                              (root / "SideStream").string() + "\"";
  return std::system(command.c_str()) == 0;
}

}  // namespace tapstat::tests
