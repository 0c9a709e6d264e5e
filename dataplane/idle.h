/// What a packet loop does while it has nothing to do: the CPU goes to whoever has, soon, and
/// nobody spins.
///
/// With one core the threads of a replay take turns, so a loop that waits first offers the core to
/// the others at once; when that did not help it sleeps. Owner thread only.
#pragma once

#include <sched.h>
#include <time.h>

namespace tapstat::dataplane {

class Idle {
 public:
  /// There was something to do after all.
  void worked() { rests_ = 0; }

  /// Returns after another thread had its turn, or after about 0.1 ms (with the timer slack that
  /// Linux adds).
  void rest() {
    constexpr timespec kNap{0, 50'000};
    if (rests_ < kYields) {
      ++rests_;
      sched_yield();
    } else {
      nanosleep(&kNap, nullptr);
    }
  }

 private:
  static constexpr int kYields = 4;
  int rests_ = 0;  // since the last work
};

}  // namespace tapstat::dataplane
