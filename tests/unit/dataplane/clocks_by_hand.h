/// The machine's clocks, moved by hand.
#pragma once

#include <cstdint>

#include "dataplane/packet_clock.h"
#include "flowstats/base/units.h"

namespace tapstat::tests {

inline constexpr uint64_t kHz = 2'500'000'000;
inline constexpr int64_t kWallStart = 1'700'000'000'000'000, kSteadyStart = 5'000'000;
inline constexpr uint64_t kTicksStart = 77'777;

struct ClocksByHand {
  dataplane::ClockReading reading{kTicksStart, kSteadyStart, kWallStart, 0};

  /// Time passes; the counter runs `ppm` millionths faster than was measured.
  void pass(int64_t us, int64_t ppm = 0) {
    reading.steady_us += us;
    reading.wall_us += us;
    const auto ticks = static_cast<int64_t>(kHz / 1'000'000) * us;
    reading.ticks += static_cast<uint64_t>(ticks + ticks / 1'000'000 * ppm);
  }
  void set_clock(flowstats::Duration by) { reading.wall_us += by.us; }
};

}  // namespace tapstat::tests
