#include "control/output_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <fmt/format.h>
#include <pwd.h>

namespace tapstat::control {
namespace {

namespace fs = std::filesystem;
using flowstats::ExitStatus;

std::string user_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> space{};
  if (getpwuid_r(uid, &entry, space.data(), space.size(), &found) == 0 && found != nullptr)
    return entry.pw_name;
  return std::to_string(uid);
}

auto refuse(const fs::path& path, const std::string& reason) {
  return flowstats::fail(ExitStatus::environment, "directory \"" + path.string() + "\" " + reason +
                                                      ". Choose another with -s.");
}

/// The directory that exists already and below which the missing ones would be made.
fs::path existing_part(const fs::path& base) {
  fs::path path = base;
  struct stat status {};
  while (::stat(path.c_str(), &status) != 0 && errno == ENOENT) {
    const fs::path parent = path.parent_path();
    if (parent == path || parent.empty()) return ".";
    path = parent;
  }
  return path;
}

}  // namespace

fs::path output_base(const std::optional<fs::path>& wanted, const fs::path& first_capture) {
  fs::path base = wanted ? *wanted : first_capture;
  std::error_code error;
  if (fs::is_regular_file(base, error)) base += ".out";
  return base.lexically_normal();
}

bool on_one_file_system(const fs::path& a, const fs::path& b) {
  struct stat of_a {
  }, of_b{};
  return ::stat(existing_part(a).c_str(), &of_a) == 0 &&
         ::stat(existing_part(b).c_str(), &of_b) == 0 && of_a.st_dev == of_b.st_dev;
}

flowstats::Result<void> check_output(const fs::path& base) {
  const fs::path path = existing_part(base);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return refuse(path, std::string("cannot be used: ") + std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) return refuse(path, "is not a directory");
  if (::access(path.c_str(), W_OK | X_OK) == 0) return {};
  if (errno != EACCES)
    return refuse(path, std::string("cannot be written: ") + std::strerror(errno));
  return refuse(path, fmt::format("cannot be written by uid {} (owner {}, mode {:04o})", geteuid(),
                                  user_name(status.st_uid), status.st_mode & 07777U));
}

}  // namespace tapstat::control
