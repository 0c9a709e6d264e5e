#include "dataplane/packet_clock.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "tests/unit/dataplane/clocks_by_hand.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Duration;
using flowstats::milliseconds;
using flowstats::seconds;
using flowstats::Timestamp;
using tests::kHz;
using tests::kTicksStart;
using tests::kWallStart;
using Machine = tests::ClocksByHand;

TEST(PacketClock, BeginsWithTheWallClockAndCountsMicroseconds) {
  Machine machine;
  const PacketClock clock(machine.reading, kHz);
  EXPECT_EQ(clock.at(kTicksStart), Timestamp{kWallStart});
  // The rate is a rounded number, and what it gives is cut to whole microseconds.
  const auto passed = [&](uint64_t ticks) {
    return static_cast<double>(clock.at(ticks).us - kWallStart);
  };
  EXPECT_NEAR(passed(kTicksStart + 2'500 * 123), 123, 1);
  EXPECT_NEAR(passed(kTicksStart - 2'500 * 10), -10, 1);
  const int64_t day = seconds(86'400).us;
  machine.pass(day);
  EXPECT_NEAR(passed(machine.reading.ticks), static_cast<double>(day), 100) << "no update()";
}

TEST(PacketClock, DoesNotFollowAClockThatIsSet) {
  for (const Duration step : {seconds(3'600), seconds(-3'600), milliseconds(20)}) {
    Machine machine;
    PacketClock clock(machine.reading, kHz);
    machine.pass(1'000'000);
    clock.update(machine.reading);
    machine.set_clock(step);
    machine.pass(250'000);
    EXPECT_EQ(clock.stepped_at(machine.reading), step) << "known before update()";
    clock.update(machine.reading);
    EXPECT_NEAR(static_cast<double>(clock.at(machine.reading.ticks).us),
                static_cast<double>(kWallStart + 1'250'000), 2);
    EXPECT_EQ(clock.figures().stepped, step);
    EXPECT_EQ(clock.figures().steps, 1U);
  }
}

TEST(PacketClock, StepsAreSummedAndAReturnIsAStep) {
  Machine machine;
  PacketClock clock(machine.reading, kHz);
  for (const Duration by : {seconds(10), seconds(5), seconds(-15)}) {
    machine.set_clock(by);
    machine.pass(1'000);
    clock.update(machine.reading);
  }
  EXPECT_EQ(clock.figures().stepped, Duration{0});
  EXPECT_EQ(clock.figures().steps, 3U);
}

TEST(PacketClock, AReadingThatWasInterruptedIsNoStep) {
  Machine machine;
  PacketClock clock(machine.reading, kHz);
  machine.reading.wall_us += 3'000;
  machine.reading.uncertainty = 4'000;
  clock.update(machine.reading);
  EXPECT_EQ(clock.figures().steps, 0U);
}

TEST(PacketClock, LearnsTheFrequencyWithoutEverRunningBack) {
  for (const int64_t ppm : {100, -100, 2'000, -2'000}) {  // the last more than it may be slewed
    Machine machine;
    PacketClock clock(machine.reading, kHz);
    Timestamp latest = clock.at(kTicksStart);
    for (int i = 0; i < 4 * 3'600; ++i) {  // an hour
      machine.pass(250'000, ppm);
      clock.update(machine.reading);
      const Timestamp now = clock.at(machine.reading.ticks);
      ASSERT_GT(now, latest);
      latest = now;
    }
    // Left alone it would be off by 0.36 to 7 seconds.
    EXPECT_NEAR(static_cast<double>(latest.us), static_cast<double>(machine.reading.wall_us), 2'000)
        << ppm;
    EXPECT_EQ(clock.figures().stepped, Duration{0});
    EXPECT_LT(std::abs(clock.figures().drift.us), 2'000);
  }
}

TEST(PacketClock, IsReadWhileItIsUpdated) {
  PacketClock clock(read_clocks(), measure_ticks_hz());
  std::atomic<bool> stop = false;
  int64_t back_most = 0;  // microseconds
  std::thread reader([&] {
    Timestamp latest = clock.now();
    while (!stop.load()) {
      const Timestamp now = clock.now();
      back_most = std::max(back_most, (latest - now).us);
      latest = now;
    }
  });
  for (int i = 0; i < 20'000; ++i) clock.update(read_clocks());
  stop = true;
  reader.join();
  // A reader that is interrupted between counter and line sees what the line was turned meanwhile:
  // kSlewMax for the length of the interruption, here up to 100 ms. Sources keep the largest.
  EXPECT_LE(back_most, PacketClock::kSlewMax / 10);
}

TEST(PacketClock, ReadsThisMachine) {
  const ClockReading first = read_clocks();
  const ClockReading second = read_clocks();
  EXPECT_GT(first.wall_us, kWallStart);
  EXPECT_GT(second.ticks, first.ticks);
  EXPECT_GE(second.steady_us, first.steady_us);
  EXPECT_GE(first.uncertainty, 0);
  const auto once = static_cast<double>(measure_ticks_hz());
  EXPECT_NEAR(static_cast<double>(measure_ticks_hz()) / once, 1, 0.05);
}

}  // namespace
}  // namespace tapstat::dataplane
