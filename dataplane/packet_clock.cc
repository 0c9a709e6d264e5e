#include "dataplane/packet_clock.h"

#include <time.h>

#include <algorithm>
#include <cstdlib>

#include <rte_cycles.h>

namespace tapstat::dataplane {

using flowstats::Duration;
using flowstats::Timestamp;

namespace {

constexpr int kBaseBits = 10, kRateBits = 32;
constexpr int64_t kUsPerSecond = 1'000'000;
constexpr int64_t kUncertaintyMax = 100;  // microseconds: the thread was interrupted, read again
constexpr int kReadingsMax = 5;
constexpr int64_t kSlewSeconds = 10;  // in which a small drift is worked off

int64_t clock_us(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return t.tv_sec * kUsPerSecond + t.tv_nsec / 1'000;
}

uint64_t rate_of(int64_t us, uint64_t ticks) {
  const auto scaled = static_cast<unsigned __int128>(us) << (kBaseBits + kRateBits);
  return static_cast<uint64_t>(scaled / ticks);
}

}  // namespace

ClockReading read_clocks() {
  ClockReading best;
  for (int i = 0; i < kReadingsMax; ++i) {
    ClockReading r;
    r.steady_us = clock_us(CLOCK_MONOTONIC);
    r.ticks = rte_rdtsc();
    r.wall_us = clock_us(CLOCK_REALTIME);
    r.uncertainty = clock_us(CLOCK_MONOTONIC) - r.steady_us;
    if (i == 0 || r.uncertainty < best.uncertainty) best = r;
    if (best.uncertainty <= kUncertaintyMax) break;
  }
  return best;
}

uint64_t measure_ticks_hz() {
  constexpr timespec kLength{0, 10'000'000};
  const ClockReading before = read_clocks();
  nanosleep(&kLength, nullptr);
  const ClockReading after = read_clocks();
  const auto us = static_cast<uint64_t>(after.steady_us - before.steady_us);
  return (after.ticks - before.ticks) * kUsPerSecond / us;
}

int64_t PacketClock::Line::at(uint64_t t) const {
  // A thread may come with a count from before the line began.
  const bool is_before = t < ticks;
  const auto passed = static_cast<unsigned __int128>(is_before ? ticks - t : t - ticks) * rate;
  const auto us = static_cast<int64_t>(static_cast<uint64_t>(passed >> kRateBits));
  return is_before ? base - us : base + us;
}

PacketClock::PacketClock(const ClockReading& anchor, uint64_t ticks_hz)
    : anchor_(anchor),
      rate_(rate_of(kUsPerSecond, ticks_hz)),
      line_ticks_(anchor.ticks),
      line_rate_(rate_),
      line_base_(anchor.wall_us << kBaseBits) {}

PacketClock::Line PacketClock::line() const {
  for (;;) {
    const uint32_t before = sequence_.load(std::memory_order_acquire);
    const Line line{line_ticks_.load(std::memory_order_acquire),
                    line_base_.load(std::memory_order_acquire),
                    line_rate_.load(std::memory_order_acquire)};
    if ((before & 1) == 0 && sequence_.load(std::memory_order_relaxed) == before) return line;
  }
}

void PacketClock::set_line(const Line& line) {
  const uint32_t sequence = sequence_.load(std::memory_order_relaxed);
  sequence_.store(sequence + 1, std::memory_order_relaxed);
  // Release: whoever reads one of these also sees the odd number above.
  line_ticks_.store(line.ticks, std::memory_order_release);
  line_base_.store(line.base, std::memory_order_release);
  line_rate_.store(line.rate, std::memory_order_release);
  sequence_.store(sequence + 2, std::memory_order_release);
}

Timestamp PacketClock::at(uint64_t ticks) const { return {line().at(ticks) >> kBaseBits}; }
Timestamp PacketClock::now() const { return at(rte_rdtsc()); }

Duration PacketClock::stepped_at(const ClockReading& reading) const {
  const int64_t known = stepped_us_.load(std::memory_order_relaxed);
  const int64_t seen =
      (reading.wall_us - anchor_.wall_us) - (reading.steady_us - anchor_.steady_us);
  const bool is_new = std::abs(seen - known) >= kStepMin.us + reading.uncertainty;
  return {is_new ? seen : known};
}

void PacketClock::update(const ClockReading& reading) {
  const Duration stepped = stepped_at(reading);
  if (stepped.us != stepped_us_.load(std::memory_order_relaxed)) {
    stepped_us_.store(stepped.us, std::memory_order_relaxed);
    steps_.store(steps() + 1, std::memory_order_relaxed);
  }
  const Line old = line();
  const int64_t now = old.at(reading.ticks);
  const int64_t passed_us = reading.steady_us - anchor_.steady_us;
  const int64_t drift_us = anchor_.wall_us + passed_us - (now >> kBaseBits);
  if (passed_us >= kUsPerSecond) rate_ = rate_of(passed_us, reading.ticks - anchor_.ticks);
  drift_us_.store(drift_us, std::memory_order_relaxed);
  const int64_t slew = std::clamp(drift_us / kSlewSeconds, -kSlewMax, kSlewMax);
  const auto change = static_cast<int64_t>(rate_ / kUsPerSecond) * slew;
  set_line({reading.ticks, now, rate_ + static_cast<uint64_t>(change)});
}

ClockFigures PacketClock::figures() const {
  return {{stepped_us_.load(std::memory_order_relaxed)},
          {drift_us_.load(std::memory_order_relaxed)},
          steps()};
}

}  // namespace tapstat::dataplane
