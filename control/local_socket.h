/// Where the local socket of a running tapstat is: chosen by the server, found by the commands.
///
/// The run directory is $RUNTIME_DIRECTORY (systemd), else $XDG_RUNTIME_DIR, else /tmp/tapstat-UID,
/// which we make with mode 0700 and use only when it belongs to us; the file is tapstat-PORT.sock.
/// Functions of the file system, any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "flowstats/base/result.h"

namespace tapstat::control {

struct RunDirectory {
  std::filesystem::path path;
  bool ours = false;  // below /tmp: to be made and checked
};

/// What decides; for tests. from_environment() has the real values.
struct RunDirectoryChoice {
  std::optional<std::string> runtime_directory, xdg_runtime_directory;
  std::filesystem::path temporary = "/tmp";

  [[nodiscard]] static RunDirectoryChoice from_environment();
};
[[nodiscard]] RunDirectory run_directory(const RunDirectoryChoice& choice);

/// For the server: the path of the socket of the instance that listens on `port`; the directory
/// exists afterwards. Errors: ExitStatus::environment, a directory that cannot be made, belongs to
/// somebody else or is open to others, or a path that is too long for a socket.
[[nodiscard]] flowstats::Result<std::filesystem::path> default_socket_path(
    unsigned port, const RunDirectoryChoice& choice = RunDirectoryChoice::from_environment());

/// Sockets of the run directory that somebody listens on, in the order of their names. Errors as
/// above; a directory that does not exist holds none.
[[nodiscard]] flowstats::Result<std::vector<std::filesystem::path>> live_sockets(
    const RunDirectoryChoice& choice = RunDirectoryChoice::from_environment());

/// For the commands: the one live socket. Errors: ExitStatus::environment when there is none,
/// ExitStatus::usage when there are several, with their names.
[[nodiscard]] flowstats::Result<std::filesystem::path> find_socket(
    const RunDirectoryChoice& choice = RunDirectoryChoice::from_environment());

}  // namespace tapstat::control
