/// What the program does when one of its threads crashes: by a wrong address, an illegal
/// instruction, a failed assertion.
///
/// A sentence on standard error says which thread and where. A thread that is not needed to write
/// (packet threads, exit followers, the control plane) then waits for ever, so that the supervisor
/// can have what is recorded written and end the process with ExitStatus::internal_error; when that
/// is not done within kWriteWithin, the process ends so by itself. Any other thread's crash, and a
/// second one, takes the signal's own course: the process dies by it, with a core where the system
/// keeps them. A stack that has overflowed leaves no room to say anything. Where a sanitizer is
/// built in, the report is its own and this does nothing.
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tapstat::control {

class CrashWatch {
 public:
  static constexpr std::chrono::seconds kWriteWithin{5};

  /// At most one at a time, when DPDK is started and before packets are read.
  CrashWatch();
  ~CrashWatch();
  CrashWatch(const CrashWatch&) = delete;
  CrashWatch& operator=(const CrashWatch&) = delete;

  /// Any thread: somebody waits for ever, and the time that is left to write has begun.
  [[nodiscard]] bool has_seen_one() const;

 private:
  static constexpr std::array kSignals = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
  std::array<struct sigaction, kSignals.size()> previous_{};
};

struct Crash {
  std::string_view thread;  // its name
  int signal = 0;
  std::optional<uint64_t> address = {};  // that could not be used; absent: somebody sent the signal
  std::optional<uint64_t> instruction = {};  // from the begin of the program; absent: in a library
};

/// The rows can be written without the thread of this name.
[[nodiscard]] bool is_dispensable(std::string_view thread);

/// The line for standard error, newline included, in as much of `out` as it needs (400 characters
/// at most); async-signal-safe.
[[nodiscard]] std::string_view crash_line(const Crash& crash, std::span<char> out);

}  // namespace tapstat::control
