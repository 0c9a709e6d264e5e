/// What a packet loop does while it has nothing to do: the CPU goes to whoever has, soon, and
/// nobody spins, but for a loop whose source is the queue of a network card and must not wait.
///
/// With one core the threads of a replay take turns, so a loop that waits first offers the core to
/// the others at once; when that did not help it sleeps. Owner thread only.
#pragma once

#include <sched.h>
#include <time.h>

#include <rte_pause.h>

#include "flowstats/base/units.h"

namespace tapstat::dataplane {

class Idle {
 public:
  /// `nap`: how long it sleeps, without the timer slack that Linux adds.
  explicit Idle(flowstats::Duration nap = kNap) : nap_{0, nap.us * 1'000} {}

  /// There was something to do after all.
  void worked() { rests_ = 0; }

  /// Returns after another thread had its turn, or after the nap; at once when the source
  /// `may_nap` not.
  void rest(bool may_nap = true) {
    if (!may_nap) {
      rte_pause();
    } else if (rests_ < kYields) {
      ++rests_;
      sched_yield();
    } else {
      nanosleep(&nap_, nullptr);
    }
  }

 private:
  static constexpr flowstats::Duration kNap{50};  // with the slack, about 0.1 ms
  static constexpr int kYields = 4;
  timespec nap_;
  int rests_ = 0;  // since the last work
};

}  // namespace tapstat::dataplane
