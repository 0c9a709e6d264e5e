/// What a sanitizer that is built in needs of the process, and does by itself.
#pragma once

namespace tapstat::control {

#if defined(__has_feature)
#define TAPSTAT_HAS_FEATURE(name) __has_feature(name)
#else
#define TAPSTAT_HAS_FEATURE(name) 0
#endif

/// The address sanitizer's leak check attaches to the process at exit: it stays dumpable, and
/// ptrace() stays possible.
#if defined(__SANITIZE_ADDRESS__) || TAPSTAT_HAS_FEATURE(address_sanitizer)
inline constexpr bool kLeakCheckAttaches = true;
#else
inline constexpr bool kLeakCheckAttaches = false;
#endif

/// The thread sanitizer has a thread of its own, unknown to glibc, which blocks every signal:
/// nobody can make it give something up.
#if defined(__SANITIZE_THREAD__) || TAPSTAT_HAS_FEATURE(thread_sanitizer)
inline constexpr bool kThreadBlocksSignals = true;
#else
inline constexpr bool kThreadBlocksSignals = false;
#endif

/// Both report a crash themselves, with a stack.
inline constexpr bool kSanitizerReportsCrashes = kLeakCheckAttaches || kThreadBlocksSignals;

}  // namespace tapstat::control
