#include "control/privileges/system_call_filter.h"

#include <sched.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include <seccomp.h>

#include "control/privileges/sanitizer_build.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

// ptrace is the last one: see forbidden_system_calls().
constexpr std::array kForbidden = {
    // other programs
    "execve", "execveat", "uselib",
    // other processes
    "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    // the tree of files
    "mount", "umount2", "pivot_root", "chroot", "fsopen", "fsconfig", "fsmount", "fspick",
    "move_mount", "open_tree", "mount_setattr", "quotactl", "quotactl_fd", "open_by_handle_at",
    // namespaces
    "setns", "unshare",
    // the kernel itself
    "init_module", "finit_module", "delete_module", "create_module", "kexec_load",
    "kexec_file_load", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "lookup_dcookie", "modify_ldt", "iopl", "ioperm",
    // keys
    "add_key", "request_key", "keyctl",
    // the machine
    "reboot", "swapon", "swapoff", "acct", "syslog", "vhangup", "sethostname", "setdomainname",
    "settimeofday", "clock_settime",
    // debugging
    "ptrace"};

constexpr std::array kNamespaces = {CLONE_NEWNS,   CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC,
                                    CLONE_NEWUSER, CLONE_NEWPID,    CLONE_NEWNET};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

auto refused(const std::string& what, int error) {
  return fail(ExitStatus::environment, "the system call filter cannot be installed (" + what +
                                           "): " + std::strerror(-error) + ".");
}

Result<void> set_attributes(scmp_filter_ctx filter) {
  struct Attribute {
    scmp_filter_attr attribute;
    uint32_t value;
    const char* name;
  };
  constexpr Attribute kAttributes[] = {
      {SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS, "architectures"},
      {SCMP_FLTATR_CTL_NNP, 1, "no_new_privs"},
      {SCMP_FLTATR_CTL_TSYNC, 1, "all threads"},
      // Older kernels would otherwise slow down every load from memory, also on the packet path,
      // to protect from code that a sandbox runs for others; there is no such code here.
      {SCMP_FLTATR_CTL_SSB, 1, "speculation"},
      // A tree instead of a list, for sources that make a system call for each burst.
      {SCMP_FLTATR_CTL_OPTIMIZE, 2, "tree"},
  };
  for (const Attribute& wanted : kAttributes)
    if (const int error = seccomp_attr_set(filter, wanted.attribute, wanted.value); error < 0)
      return refused(wanted.name, error);
  return {};
}

Result<void> add_rules(scmp_filter_ctx filter) {
  for (const char* const name : forbidden_system_calls()) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return refused(name, -ENOSYS);
    if (const int error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, number, 0); error < 0)
      return refused(name, error);
  }
  for (const int flag : kNamespaces) {
    const auto bit = static_cast<scmp_datum_t>(flag);
    const int error = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 1,
                                       SCMP_A0(SCMP_CMP_MASKED_EQ, bit, bit));
    if (error < 0) return refused("clone", error);
  }
  if (const int error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
      error < 0)
    return refused("clone3", error);
  return {};
}

}  // namespace

std::span<const char* const> forbidden_system_calls() {
  return std::span(kForbidden).first(kForbidden.size() - (kLeakCheckAttaches ? 1 : 0));
}

Result<void> install_system_call_filter() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (filter == nullptr) return refused("init", -ENOMEM);
  if (auto set = set_attributes(filter.get()); !set) return set;
  if (auto added = add_rules(filter.get()); !added) return added;
  if (const int error = seccomp_load(filter.get()); error < 0) return refused("load", error);
  return {};
}

}  // namespace tapstat::control
