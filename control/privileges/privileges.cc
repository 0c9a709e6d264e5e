#include "control/privileges/privileges.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include <grp.h>
#include <pwd.h>

#include "control/privileges/capabilities.h"
#include "control/privileges/every_thread.h"
#include "control/privileges/sanitizer_build.h"
#include "control/privileges/system_call_filter.h"
#include "control/privileges/thread_state.h"
#include "control/text.h"
#include "dataplane/file_descriptor.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

constexpr size_t kEntryBytesMax = 1 << 16;  // of a user or a group, with its members

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

Result<User> find_user(const std::string& wanted) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> space(kEntryBytesMax);
  if (const auto uid = number<uid_t>(wanted))
    getpwuid_r(*uid, &entry, space.data(), space.size(), &found);
  else
    getpwnam_r(wanted.c_str(), &entry, space.data(), space.size(), &found);
  if (found == nullptr)
    return fail(ExitStatus::usage, "there is no user \"" + wanted + "\". Make one with: useradd " +
                                       "--system --no-create-home " + wanted);
  return User{found->pw_name, found->pw_uid, found->pw_gid};
}

Result<gid_t> find_group(const std::string& wanted) {
  group entry{};
  group* found = nullptr;
  std::vector<char> space(kEntryBytesMax);
  if (const auto gid = number<gid_t>(wanted)) return *gid;
  getgrnam_r(wanted.c_str(), &entry, space.data(), space.size(), &found);
  if (found == nullptr)
    return fail(ExitStatus::usage,
                "there is no group \"" + wanted + "\". Make one with: groupadd --system " + wanted);
  return found->gr_gid;
}

std::vector<gid_t> groups_of(const User& user, gid_t gid) {
  std::vector<gid_t> groups(64);
  int count = static_cast<int>(groups.size());
  while (getgrouplist(user.name.c_str(), gid, groups.data(), &count) < 0)
    groups.resize(static_cast<size_t>(count));
  groups.resize(static_cast<size_t>(count));
  return groups;
}

auto system_refuses(const std::string& what) {
  return fail(ExitStatus::environment, what + ": " + std::strerror(errno) + ".");
}

/// glibc does each of these on all threads (nptl(7)).
Result<void> become(const Identity& identity) {
  if (!identity.changes) return {};
  const std::string whom = "cannot become user \"" + identity.user + "\"";
  if (setgroups(identity.groups.size(), identity.groups.data()) != 0)
    return system_refuses(whom + " (groups)");
  if (setresgid(identity.gid, identity.gid, identity.gid) != 0)
    return system_refuses(whom + " (group)");
  if (setresuid(identity.uid, identity.uid, identity.uid) != 0) return system_refuses(whom);
  return {};
}

std::optional<std::string> what_is_left(const ThreadState& thread, const Identity& identity) {
  const auto is = [](const auto& ids, auto wanted) {
    return std::all_of(ids.begin(), ids.end(), [&](auto id) { return id == wanted; });
  };
  if (!is(thread.uids, identity.uid) || !is(thread.gids, identity.gid)) return "another user";
  if (thread.has_capabilities()) return "capabilities";
  if (!thread.no_new_privileges) return "a way to new privileges";
  if (!thread.filtered) return "all system calls";
  return std::nullopt;
}

Result<void> look_up(const Identity& identity) {
  const auto threads = thread_states();
  if (!threads) return tl::make_unexpected(threads.error());
  for (const ThreadState& thread : *threads)
    if (const auto left = what_is_left(thread, identity))
      return fail(ExitStatus::environment, "thread " + std::to_string(thread.id) + " (" +
                                               thread.name + ") still has " + *left + ".");
  return {};
}

}  // namespace

Result<Identity> find_identity(const PrivilegeOptions& options) {
  Identity identity;
  identity.uid = geteuid();
  identity.gid = getegid();
  if (!options.user.empty()) {
    const auto user = find_user(options.user);
    if (!user) return tl::make_unexpected(user.error());
    identity.user = user->name;
    identity.uid = user->uid;
    identity.gid = user->gid;
  }
  if (!options.group.empty()) {
    const auto gid = find_group(options.group);
    if (!gid) return tl::make_unexpected(gid.error());
    identity.gid = *gid;
  }
  identity.changes = identity.uid != geteuid() || identity.gid != getegid() ||
                     identity.uid != getuid() || identity.gid != getgid();
  if (identity.changes && geteuid() != 0)
    return fail(ExitStatus::environment,
                "only root can become user \"" + options.user + "\" and group \"" + options.group +
                    "\"; this is uid " + std::to_string(geteuid()) + ". Leave both out.");
  if (!identity.user.empty())
    identity.groups = groups_of({identity.user, identity.uid, identity.gid}, identity.gid);
  else
    identity.groups = {identity.gid};
  return identity;
}

Result<void> hand_over(const std::filesystem::path& directory, const Identity& identity) {
  if (!identity.changes) return {};
  const auto refuse = [&](const std::string& why) {
    return fail(ExitStatus::environment, "directory \"" + directory.string() +
                                             "\" cannot be given to user \"" + identity.user +
                                             "\": " + why + ".");
  };
  // Once opened, it cannot be exchanged for another between the question and the change.
  const dataplane::FileDescriptor opened(
      open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!opened.is_open() || fstat(opened.get(), &status) != 0) return refuse(std::strerror(errno));
  if (status.st_uid == identity.uid) return {};
  if (status.st_uid != geteuid())
    return refuse("it belongs to uid " + std::to_string(status.st_uid));
  if (fchown(opened.get(), identity.uid, identity.gid) != 0) return refuse(std::strerror(errno));
  return {};
}

Result<void> drop_privileges(const Identity& identity) {
  // First what needs CAP_SETPCAP, then what needs CAP_SETUID, then the rest.
  if (auto done = on_every_thread(empty_bounding_set); !done) return done;
  if (auto done = become(identity); !done) return done;
  if (auto done = on_every_thread(empty_capability_sets); !done) return done;
  // A change of user has made the process not dumpable already, which the leak check must undo.
  if (prctl(PR_SET_DUMPABLE, kLeakCheckAttaches ? 1 : 0, 0, 0, 0) != 0)
    return system_refuses("core files cannot be switched off");
  if (auto done = install_system_call_filter(); !done) return done;
  return look_up(identity);
}

}  // namespace tapstat::control
