/// The system calls that the probe gives up before it reads packets: one forbidden call ends the
/// process (SIGSYS), because only an attacker's code would make it.
///
/// A list of what is forbidden, not of what is allowed: poll-mode drivers, vendors' libraries below
/// them, the C library's name service and oneTBB make calls that differ from card to card and from
/// release to release, and a probe that dies at the first link change on an unusual card is worse
/// than one with some more harmless calls. What is forbidden is what turns a fault in a parser into
/// more than a fault in this process: other programs, other processes' memory, mounts, modules,
/// namespaces, keys, and the parts of the kernel with the longest record of defects. The service
/// unit adds a list of what is allowed, which an administrator can change without a new release.
/// Writable code is left to the unit as well (MemoryDenyWriteExecute).
///
/// adjtimex() stays: reading the state of the clock goes through it, and setting needs a capability
/// that is gone. io_uring goes: calls made through its rings pass no filter.
#pragma once

#include <span>

#include "flowstats/base/result.h"

namespace tapstat::control {

/// Names of the calls that end the process whatever their arguments are. Besides them clone() with
/// a flag for a new namespace, and every call of another architecture than ours (32 bit, x32).
[[nodiscard]] std::span<const char* const> forbidden_system_calls();

/// For all threads of the process, those that exist already included, and without a way back; sets
/// no_new_privs. clone3() is answered "not implemented", since a filter cannot see its flags; the C
/// library then uses clone(). Errors: ExitStatus::environment, the kernel has no filters or a
/// thread has another one already.
[[nodiscard]] flowstats::Result<void> install_system_call_filter();

}  // namespace tapstat::control
