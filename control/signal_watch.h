/// Signals as events of the control thread, without handlers and without global state.
///
/// SIGINT, SIGTERM, SIGHUP and SIGUSR1 are blocked in the thread that makes a SignalWatch and in
/// every thread started after it, and arrive through a descriptor. The previous state comes back
/// with the destructor.
#pragma once

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>

namespace tapstat::control {

class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  /// The next signal's number, or empty when none came within `timeout`.
  [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds timeout) const;

  /// Readable while a signal waits; it stays ours.
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  sigset_t previous_mask_{};
};

/// While it lives, the stopping signals end the process at once with status 0: for the time before
/// anything is written.
class ExitOnSignal {
 public:
  ExitOnSignal();
  ~ExitOnSignal();
  ExitOnSignal(const ExitOnSignal&) = delete;
  ExitOnSignal& operator=(const ExitOnSignal&) = delete;

 private:
  static constexpr std::array<int, 3> kSignals = {SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> previous_{};
};

}  // namespace tapstat::control
