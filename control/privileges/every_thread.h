/// Runs a function on every thread of the process: capabilities can only be given up by the thread
/// that has them (capabilities(7)), and DPDK, oneTBB and the C++ library make threads of their own.
///
/// glibc spreads setresuid() and its kin over all threads by itself, but nothing else; libpsx does
/// it only for threads whose pthread_create() was linked through it, which those of shared
/// libraries are not. So each thread is interrupted by a signal and works in its handler; those it
/// makes afterwards inherit the outcome, and the list of threads is read until nobody new is on it.
#pragma once

#include <chrono>

#include "flowstats/base/result.h"

namespace tapstat::control {

/// How long one thread may take: its system calls are interrupted, so this is for a machine that is
/// very busy.
inline constexpr std::chrono::milliseconds kThreadAnswersWithin{2000};

/// `step` runs in a signal handler, once or more on each thread, the caller's included: it makes
/// system calls and nothing else. SIGRTMAX is ours meanwhile. Call it from one thread at a time,
/// before packets are read (each thread loses some microseconds). Errors: ExitStatus::environment,
/// with the thread that did not answer; it blocks the signal or stands still in the kernel.
[[nodiscard]] flowstats::Result<void> on_every_thread(void (*step)() noexcept);

}  // namespace tapstat::control
