#include "control/signal_watch.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "flowstats/base/check.h"

namespace tapstat::control {

SignalWatch::SignalWatch() {
  sigset_t watched;
  sigemptyset(&watched);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&watched, signal);
  TAPSTAT_ASSERT(pthread_sigmask(SIG_BLOCK, &watched, &previous_mask_) == 0);
  descriptor_ = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
  TAPSTAT_ASSERT(descriptor_ >= 0);
}

SignalWatch::~SignalWatch() {
  close(descriptor_);
  pthread_sigmask(SIG_SETMASK, &previous_mask_, nullptr);
}

std::optional<int> SignalWatch::wait(std::chrono::milliseconds timeout) const {
  pollfd wanted{descriptor_, POLLIN, 0};
  if (poll(&wanted, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
  signalfd_siginfo info{};
  if (read(descriptor_, &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

ExitOnSignal::ExitOnSignal() {
  struct sigaction leave {};
  leave.sa_handler = [](int) {
    constexpr char kStopped[] = "tapstat: stopped before the first packet; nothing was written.\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, kStopped, sizeof kStopped - 1);
    _exit(0);
  };
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &leave, &previous_[i]);
}

ExitOnSignal::~ExitOnSignal() {
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &previous_[i], nullptr);
}

}  // namespace tapstat::control
