/// What the kernel says about the rights of each thread of this process, from /proc/self/task.
///
/// Rights belong to threads: a process has given something up only when every thread has. Any
/// thread may ask; the answer is as of the moment of reading.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flowstats/base/result.h"

namespace tapstat::control {

struct ThreadState {
  pid_t id = 0;
  std::string name;
  std::array<uid_t, 4> uids{};  // real, effective, saved, of the file system
  std::array<gid_t, 4> gids{};
  uint64_t inheritable = 0, permitted = 0, effective = 0, bounding = 0, ambient = 0;
  uint64_t blocked = 0;  // signals: bit 0 is signal 1
  bool no_new_privileges = false;
  bool filtered = false;  // a system call filter is in force

  [[nodiscard]] bool has_capabilities() const {
    return (inheritable | permitted | effective | ambient) != 0;
  }
};

/// Reads the text of a `status` file. Empty when a line that we need is missing (proc(5)).
[[nodiscard]] std::optional<ThreadState> parse_thread_state(std::string_view text);

/// Of all threads that existed at one moment of the call, each as it was a little later; read again
/// until no thread begins or ends meanwhile. Errors: ExitStatus::environment, /proc is not there or
/// cannot be understood, or the threads never hold still.
[[nodiscard]] flowstats::Result<std::vector<ThreadState>> thread_states();

}  // namespace tapstat::control
