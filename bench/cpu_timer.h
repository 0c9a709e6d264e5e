/// CPU time of this thread, for timing short pieces by hand: on a shared machine other programs
/// spoil wall time.
#pragma once

#include <time.h>

namespace tapstat::bench {

class CpuTimer {
 public:
  CpuTimer() : start_(now()) {}
  [[nodiscard]] double seconds() const { return now() - start_; }

 private:
  static double now() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  }
  double start_;
};

}  // namespace tapstat::bench
