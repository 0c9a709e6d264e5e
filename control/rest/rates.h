/// Rates over the last few seconds, from samples that are taken once a second.
///
/// Control plane's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "control/probe.h"

namespace tapstat::control::rest {

struct Rates {
  double packets_per_s = 0, bits_per_s = 0, flows_per_s = 0, rows_per_s = 0;
};

class RateWindow {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kSamples = 6;  // five intervals

  void sample(const ProbeFigures& figures, Clock::time_point now);
  /// All 0 before the second sample. Bits are those of the captured bytes.
  [[nodiscard]] Rates rates() const;

 private:
  struct Sample {
    Clock::time_point at;
    uint64_t packets = 0, bytes = 0, flows = 0, rows = 0;
  };
  std::deque<Sample> samples_;
};

/// Rows of both logs that were written.
[[nodiscard]] uint64_t rows_written(const flowstats::CounterValues& counters);

}  // namespace tapstat::control::rest
