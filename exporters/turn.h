/// A stage that different threads run by turns, never two at once: oneTBB's serial filters.
///
/// TurnGuard is no lock, it never waits: it makes what the thread before left behind visible to the
/// next one, and asserts that they do not overlap.
#pragma once

#include <atomic>

#include "flowstats/base/check.h"

namespace tapstat::exporters {

class TurnGuard {
 public:
  explicit TurnGuard(std::atomic<bool>& busy) : busy_(busy) {
    const bool was_busy = busy_.exchange(true, std::memory_order_acquire);
    TAPSTAT_ASSERT(!was_busy);
  }
  ~TurnGuard() { busy_.store(false, std::memory_order_release); }
  TurnGuard(const TurnGuard&) = delete;
  TurnGuard& operator=(const TurnGuard&) = delete;

 private:
  std::atomic<bool>& busy_;
};

}  // namespace tapstat::exporters
