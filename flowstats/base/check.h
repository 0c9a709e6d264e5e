/// Assertions for programmer errors; kept in release builds. The network's errors are counters,
/// never assertions.
#pragma once

namespace tapstat::flowstats {

/// Prints the condition and its place on standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace tapstat::flowstats

#define TAPSTAT_ASSERT(condition)     \
  (__builtin_expect(!!(condition), 1) \
       ? static_cast<void>(0)         \
       : ::tapstat::flowstats::assertion_failed(#condition, __FILE__, __LINE__))
