/// The time of packets that nothing better stamps: the CPU's time stamp counter, tied to the
/// machine's clock once.
///
/// When somebody sets the machine's clock, packet time does not follow: it goes on, and the step is
/// reported. The counter's frequency is measured all the time against a clock that is never set,
/// and what is left of the difference is worked off at kSlewMax at most, so time never stands still
/// or runs back. at() and stepped_at() are for any thread, update() for the control thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// The three clocks at (almost) one moment.
struct ClockReading {
  uint64_t ticks = 0;       // of the time stamp counter
  int64_t steady_us = 0;    // CLOCK_MONOTONIC: never set, but slowed and sped up by NTP
  int64_t wall_us = 0;      // CLOCK_REALTIME
  int64_t uncertainty = 0;  // microseconds between the first and the last of the readings
};
[[nodiscard]] ClockReading read_clocks();
/// Ticks a second, to a ten-thousandth: takes 10 ms. (DPDK rounds its figure to 10 MHz.)
[[nodiscard]] uint64_t measure_ticks_hz();

struct ClockFigures {
  flowstats::Duration stepped;  // by how much the machine's clock was set since the start, in sum
  flowstats::Duration drift;    // how far it is ahead of packet time otherwise
  uint64_t steps = 0;           // how often it was set
};

class PacketClock {
 public:
  /// A change of wall_us - steady_us below this is a matter of reading them, not of setting a
  /// clock.
  static constexpr flowstats::Duration kStepMin = flowstats::milliseconds(1);
  static constexpr int64_t kSlewMax = 500;  // microseconds a second, as the kernel's for NTP

  /// `ticks_hz`: of the time stamp counter.
  PacketClock(const ClockReading& anchor, uint64_t ticks_hz);
  PacketClock(const PacketClock&) = delete;
  PacketClock& operator=(const PacketClock&) = delete;

  /// Never before what it was for fewer ticks, but for the microsecond in which update() runs.
  [[nodiscard]] flowstats::Timestamp at(uint64_t ticks) const;
  [[nodiscard]] flowstats::Timestamp now() const;
  /// How often the machine's clock was set, as of the latest update().
  [[nodiscard]] uint64_t steps() const { return steps_.load(std::memory_order_relaxed); }
  /// By how much it has been set up to that reading.
  [[nodiscard]] flowstats::Duration stepped_at(const ClockReading& reading) const;

  /// A few times a second to once a minute.
  void update(const ClockReading& reading);
  /// As of the latest update(); any thread.
  [[nodiscard]] ClockFigures figures() const;

 private:
  /// From `ticks` on, time is `base` (1/1024 microseconds) plus `rate` (2^-32 of these) for each
  /// tick.
  struct Line {
    uint64_t ticks = 0;
    int64_t base = 0;
    uint64_t rate = 0;
    [[nodiscard]] int64_t at(uint64_t t) const;
  };
  [[nodiscard]] Line line() const;
  void set_line(const Line& line);

  const ClockReading anchor_;
  uint64_t rate_;  // of the counter, as measured so far; control thread
  // Read under a sequence number, which is odd while control changes them.
  std::atomic<uint32_t> sequence_ = 0;
  std::atomic<uint64_t> line_ticks_, line_rate_;
  std::atomic<int64_t> line_base_;
  std::atomic<int64_t> stepped_us_ = 0, drift_us_ = 0;
  std::atomic<uint64_t> steps_ = 0;
};

}  // namespace tapstat::dataplane
