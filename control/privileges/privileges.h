/// What the process may do while packets are read: as another user, without capabilities, without a
/// way back, with a system call filter. docs/operations.md, "Least privilege".
///
/// The order of a start, all on the main thread:
///   1. find_identity() before anything is opened: a wrong name is a mistake of the configuration;
///   2. open devices, memory, sockets and the listener; make the directories of the outputs;
///   3. hand_over() every directory in which files are made or removed later;
///   4. drop_privileges(), once, whatever threads exist by then;
///   5. read packets.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "flowstats/base/result.h"

namespace tapstat::control {

struct PrivilegeOptions {
  std::string user, group;  // names or numbers; empty: stay; without a group that of the user
};

/// Whom the process becomes.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary ones
  bool changes = false;       // false: the process is that already
  std::string user;           // for messages
};

/// Errors: ExitStatus::usage, no such user or group; ExitStatus::environment, only root may change.
[[nodiscard]] flowstats::Result<Identity> find_identity(const PrivilegeOptions& options);

/// Gives a directory, not what is in it, to the identity; nothing is done when it is theirs already
/// or when nothing changes. A link is not followed, and a directory of a third user is never taken
/// away. Errors: ExitStatus::environment, with its owner.
[[nodiscard]] flowstats::Result<void> hand_over(const std::filesystem::path& directory,
                                                const Identity& identity);

/// For every thread of the process, also those of libraries; then looked up in /proc, so that
/// success means that no thread has a capability, another user, or no filter. Afterwards files of
/// others can be neither opened nor given away, no program can be started, and the process leaves
/// no core file. Irreversible, also when it fails: end the process then. Errors:
/// ExitStatus::environment.
[[nodiscard]] flowstats::Result<void> drop_privileges(const Identity& identity);

}  // namespace tapstat::control
