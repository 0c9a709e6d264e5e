/// Gives up capabilities (capabilities(7)), for the calling thread alone: see every_thread.h.
///
/// System calls without a library between: they run in signal handlers.
#pragma once

namespace tapstat::control {

/// Nothing that is executed later could give a capability back. Needs CAP_SETPCAP; without it the
/// set stays, which no_new_privs makes harmless.
void empty_bounding_set() noexcept;

/// Empties the permitted, effective, inheritable and ambient sets. Giving up needs no right.
void empty_capability_sets() noexcept;

}  // namespace tapstat::control
