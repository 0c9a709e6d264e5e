#include "dataplane/capture_name.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "flowstats/base/nearest.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

namespace fs = std::filesystem;

/// The regular file in the directory of `name` whose name is nearest to it.
std::optional<fs::path> similar_file(const fs::path& name) {
  const fs::path directory = name.has_parent_path() ? name.parent_path() : fs::path(".");
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (int seen = 0; !error && entry != fs::directory_iterator() && seen < kNamesMax; ++seen) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  std::sort(names.begin(), names.end());  // of several equally near ones always the same
  const auto nearest = flowstats::nearest(name.filename().string(), names);
  if (!nearest) return std::nullopt;
  return name.has_parent_path() ? name.parent_path() / *nearest : fs::path(*nearest);
}

std::string explain_open_error(const fs::path& name, int error) {
  if (error == ENOENT) {
    std::string text = "no such file.";
    if (const auto similar = similar_file(name))
      text += " Did you mean \"" + similar->string() + "\"?";
    return text;
  }
  struct stat status {};
  if (error == EACCES && stat(name.c_str(), &status) == 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", status.st_mode & 07777U);
    return "permission denied for uid " + std::to_string(geteuid()) + " (owner uid " +
           std::to_string(status.st_uid) + ", mode " + mode + ").";
  }
  std::string reason = std::strerror(error);
  if (!reason.empty() && reason[0] >= 'A' && reason[0] <= 'Z')
    reason[0] = static_cast<char>(reason[0] - 'A' + 'a');
  return reason + ".";
}

}  // namespace

Result<FileDescriptor> open_regular_file(const fs::path& name) {
  const auto refuse = [&](const std::string& reason) {
    return fail(ExitStatus::input_unreadable,
                "cannot read capture \"" + name.string() + "\": " + reason);
  };
  FileDescriptor file(
      open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // a pipe must not block
  if (!file.is_open()) return refuse(explain_open_error(name, errno));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return refuse(explain_open_error(name, errno));
  if (S_ISDIR(status.st_mode)) return refuse("it is a directory. Name the captures in it.");
  if (!S_ISREG(status.st_mode))
    return refuse("it is not a regular file. Copy its content to a file first.");
  return file;
}

}  // namespace tapstat::dataplane
