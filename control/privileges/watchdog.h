/// Decides whether the probe still works: every thread on the way of packets and records counts its
/// rounds, also idle ones, and one whose count stands still too long has failed.
///
/// Pure logic on numbers that the caller reads; the caller's thread. Time is monotonic and is
/// counted in ticks, of which each adds at most kTickMax: when the whole process was stopped or the
/// machine was, nobody has stood still.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flowstats/base/result.h"

namespace tapstat::control {

class Watchdog {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kTickMax{1};
  static constexpr std::chrono::seconds kPatience{5};  // reliability: a stalled writer

  /// `threads` are names for messages: "worker 0", "writer".
  Watchdog(std::vector<std::string> threads, std::chrono::milliseconds patience, Time now);

  /// Once in kTickMax or more often. `rounds` has the count of each thread, in the order of their
  /// names; whether a count goes up or starts anew does not matter, only that it changes.
  void tick(std::span<const uint64_t> rounds, Time now);

  /// Whether every thread has made a round since this was true last: the service manager may be
  /// told that we are alive. Asking begins the next turn when it is true.
  [[nodiscard]] bool may_report();

  /// Errors: ExitStatus::watchdog, with the threads that have stood still longer than the patience.
  [[nodiscard]] flowstats::Result<void> check() const;

 private:
  struct Thread {
    std::string name;
    std::optional<uint64_t> rounds;  // empty before the first tick
    std::chrono::nanoseconds silent{0};
    bool moved = false;  // since the last report
  };
  std::vector<Thread> threads_;
  std::chrono::nanoseconds patience_;
  Time last_tick_;
};

}  // namespace tapstat::control
