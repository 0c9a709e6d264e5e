#include "control/local_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

constexpr size_t kSocketPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

/// A directory below /tmp may have been made by somebody else to catch our socket.
Result<void> check_ours(const std::filesystem::path& path) {
  struct stat status {};
  const auto refuse = [&](const std::string& why) {
    return fail(ExitStatus::environment, "the run directory " + path.string() + " " + why);
  };
  if (lstat(path.c_str(), &status) != 0)
    return refuse("cannot be used: " + std::string(std::strerror(errno)) + ".");
  if (!S_ISDIR(status.st_mode)) return refuse("is no directory. Remove it.");
  if (status.st_uid != geteuid())
    return refuse("belongs to uid " + std::to_string(status.st_uid) +
                  ". Set XDG_RUNTIME_DIR to a directory of your own.");
  if ((status.st_mode & 077) != 0)
    return refuse("is open to other users. Run: chmod 700 " + path.string());
  return {};
}

bool is_live(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& name = path.native();
  if (name.size() > kSocketPathBytesMax) return false;
  name.copy(address.sun_path, kSocketPathBytesMax);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return false;
  // EAGAIN: its queue of connections is full, so somebody listens.
  const bool live =
      connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN;
  close(descriptor);
  return live;
}

bool is_socket_name(const std::string& name) {
  return name.starts_with("tapstat-") && name.ends_with(".sock");
}

}  // namespace

RunDirectoryChoice RunDirectoryChoice::from_environment() {
  const auto value = [](const char* name) -> std::optional<std::string> {
    const char* const text = std::getenv(name);
    if (text == nullptr || *text == '\0') return std::nullopt;
    return text;
  };
  return {value("RUNTIME_DIRECTORY"), value("XDG_RUNTIME_DIR"), "/tmp"};
}

RunDirectory run_directory(const RunDirectoryChoice& choice) {
  if (choice.runtime_directory)  // systemd separates several by colons
    return {choice.runtime_directory->substr(0, choice.runtime_directory->find(':')), false};
  if (choice.xdg_runtime_directory) return {*choice.xdg_runtime_directory, false};
  return {choice.temporary / ("tapstat-" + std::to_string(geteuid())), true};
}

Result<std::filesystem::path> default_socket_path(unsigned port, const RunDirectoryChoice& choice) {
  const RunDirectory directory = run_directory(choice);
  if (directory.ours) {
    if (mkdir(directory.path.c_str(), 0700) != 0 && errno != EEXIST)
      return fail(ExitStatus::environment, "the run directory " + directory.path.string() +
                                               " cannot be made: " + std::strerror(errno) + ".");
    if (const auto checked = check_ours(directory.path); !checked)
      return tl::make_unexpected(checked.error());
  }
  std::filesystem::path path = directory.path / ("tapstat-" + std::to_string(port) + ".sock");
  if (path.native().size() > kSocketPathBytesMax)
    return fail(ExitStatus::environment, "the local socket " + path.string() + " has a path of " +
                                             std::to_string(path.native().size()) +
                                             " bytes; 107 are possible. Set XDG_RUNTIME_DIR to a "
                                             "shorter one.");
  return path;
}

Result<std::vector<std::filesystem::path>> live_sockets(const RunDirectoryChoice& choice) {
  const RunDirectory directory = run_directory(choice);
  std::vector<std::filesystem::path> found;
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(directory.path, error)))
    return found;
  if (directory.ours)
    if (const auto checked = check_ours(directory.path); !checked)
      return tl::make_unexpected(checked.error());
  std::filesystem::directory_iterator at(directory.path, error);
  for (const std::filesystem::directory_iterator end; !error && at != end; at.increment(error))
    if (is_socket_name(at->path().filename().string()) && is_live(at->path()))
      found.push_back(at->path());
  if (error)
    return fail(ExitStatus::environment, "the run directory " + directory.path.string() +
                                             " cannot be read: " + error.message() + ".");
  std::sort(found.begin(), found.end());
  return found;
}

Result<std::filesystem::path> find_socket(const RunDirectoryChoice& choice) {
  const auto found = live_sockets(choice);
  if (!found) return tl::make_unexpected(found.error());
  if (found->size() == 1) return found->front();
  if (found->empty())
    return fail(ExitStatus::environment,
                "no running tapstat found in " + run_directory(choice).path.string() +
                    ". Start one with --serve, or name its socket with --socket.");
  std::string names;
  for (const auto& path : *found) names += "\n  --socket " + path.string();
  return fail(ExitStatus::usage, "several tapstats are running. Choose one:" + names);
}

}  // namespace tapstat::control
