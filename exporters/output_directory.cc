#include "exporters/output_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <pwd.h>

namespace tapstat::exporters {

namespace {

using flowstats::Error;
using flowstats::ExitStatus;
using flowstats::Timestamp;

std::tm local_time(Timestamp time) {
  constexpr int64_t kSecond = 1'000'000;
  const auto seconds =
      static_cast<std::time_t>(time.us / kSecond - (time.us % kSecond < 0 ? 1 : 0));
  std::tm local{};
  localtime_r(&seconds, &local);
  return local;
}

std::string formatted(const char* form, Timestamp time) {
  const std::tm local = local_time(time);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), form, &local)};
}

std::string owner_name(uid_t uid) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> memory(4096);
  if (getpwuid_r(uid, &entry, memory.data(), memory.size(), &found) == 0 && found != nullptr)
    return found->pw_name;
  return std::to_string(uid);
}

/// The directory itself, or the closest one above it that exists: the one that refused.
std::filesystem::path closest_existing(std::filesystem::path path) {
  std::error_code ignored;
  while (!std::filesystem::exists(path, ignored)) {
    if (!path.has_parent_path() || path.parent_path() == path) return ".";
    path = path.parent_path();
  }
  return path;
}

Error not_writable(const std::filesystem::path& directory, int error) {
  const std::string why = std::generic_category().message(error);
  const std::filesystem::path refusing = closest_existing(directory);
  struct stat status {};
  if ((error == EACCES || error == EPERM) && stat(refusing.c_str(), &status) == 0)
    return {ExitStatus::environment,
            fmt::format("directory \"{}\" cannot be written by uid {} (owner {}, mode {:04o}). "
                        "Choose another with -s.",
                        refusing.string(), geteuid(), owner_name(status.st_uid),
                        status.st_mode & 07777)};
  return {ExitStatus::environment,
          fmt::format("directory \"{}\" cannot be written: {}. Choose another with -s.",
                      directory.string(), why)};
}

}  // namespace

std::string directory_name(Timestamp time, unsigned suffix) {
  const std::string name = formatted("%Y_%m_%d_%H_%M.out", time);
  return suffix == 0 ? name : fmt::format("{}_{}", name, suffix);
}

std::string message_time(Timestamp time) { return formatted("%a %b %e %H:%M:%S %Y", time); }

flowstats::Result<std::filesystem::path> create_output_directory(const std::filesystem::path& base,
                                                                 Timestamp time) {
  std::error_code failed;
  std::filesystem::create_directories(base, failed);
  if (failed) return tl::make_unexpected(not_writable(base, failed.value()));
  for (unsigned suffix = 0; suffix <= kDirectorySuffixMax; ++suffix) {
    const std::filesystem::path path = base / directory_name(time, suffix);
    if (mkdir(path.c_str(), 0775) == 0) return path;
    if (errno != EEXIST) return tl::make_unexpected(not_writable(base, errno));
  }
  return flowstats::fail(
      ExitStatus::environment,
      fmt::format("directory \"{}\" already holds {} directories for {}. Choose another with -s.",
                  base.string(), kDirectorySuffixMax + 1, directory_name(time, 0)));
}

}  // namespace tapstat::exporters
