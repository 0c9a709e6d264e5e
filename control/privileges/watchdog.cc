#include "control/privileges/watchdog.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "flowstats/base/check.h"

namespace tapstat::control {

using std::chrono::nanoseconds;

Watchdog::Watchdog(std::vector<std::string> threads, std::chrono::milliseconds patience, Time now)
    : patience_(patience), last_tick_(now) {
  for (std::string& name : threads) {
    Thread& thread = threads_.emplace_back();
    thread.name = std::move(name);
  }
}

void Watchdog::tick(std::span<const uint64_t> rounds, Time now) {
  TAPSTAT_ASSERT(rounds.size() == threads_.size());
  const nanoseconds passed = std::clamp<nanoseconds>(now - last_tick_, nanoseconds(0), kTickMax);
  last_tick_ = now;
  for (size_t i = 0; i < threads_.size(); ++i) {
    Thread& thread = threads_[i];
    const bool moved = thread.rounds && *thread.rounds != rounds[i];
    thread.rounds = rounds[i];
    thread.moved = thread.moved || moved;
    thread.silent = moved ? nanoseconds(0) : thread.silent + passed;
  }
}

bool Watchdog::may_report() {
  const bool all =
      std::all_of(threads_.begin(), threads_.end(), [](const Thread& t) { return t.moved; });
  if (all)
    for (Thread& thread : threads_) thread.moved = false;
  return all;
}

flowstats::Result<void> Watchdog::check() const {
  std::string stalled;
  for (const Thread& thread : threads_) {
    if (thread.silent <= patience_) continue;
    const double seconds = std::chrono::duration<double>(thread.silent).count();
    stalled += fmt::format("{}{} for {:.1f} s", stalled.empty() ? "" : ", ", thread.name, seconds);
  }
  if (stalled.empty()) return {};
  return flowstats::fail(flowstats::ExitStatus::watchdog,
                         "stopped by the watchdog: no progress of " + stalled + ".");
}

}  // namespace tapstat::control
