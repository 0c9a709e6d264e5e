#include "dataplane/stamp_times.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/dataplane/clocks_by_hand.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Duration;
using flowstats::milliseconds;
using flowstats::seconds;
using flowstats::Timestamp;

constexpr Duration kGap = milliseconds(10);  // between frames
constexpr int64_t kNearUs = 2;

/// A queue whose frames wait in its ring while the clock is set.
struct Stamped {
  tests::ClocksByHand machine;
  PacketClock clock{machine.reading, tests::kHz};
  StampTimes times{clock};

  /// The next frame: the kernel's stamp, and the time that it ought to have.
  struct Frame {
    Timestamp stamp, time;
  };
  Frame arrives() {
    machine.pass(kGap.us);
    return {{machine.reading.wall_us}, clock.at(machine.reading.ticks)};
  }
  void expect_time(const Frame& frame) {
    const Timestamp now = clock.at(machine.reading.ticks);
    const Timestamp got = times.time_of(frame.stamp, now, [this] { return machine.reading; });
    EXPECT_NEAR(static_cast<double>(got.us), static_cast<double>(frame.time.us), kNearUs);
  }
};

TEST(StampTimes, AreThoseOfTheKernelWhileNobodySetsTheClock) {
  Stamped s;
  EXPECT_EQ(s.times.latest(), flowstats::kNever);
  for (int i = 0; i < 10; ++i) s.expect_time(s.arrives());
  EXPECT_EQ(s.times.latest().us, s.machine.reading.wall_us);
}

TEST(StampTimes, FramesThatWaitedWhileTheClockWasSetKeepTheirTimes) {
  for (const Duration step : {seconds(30), seconds(-30), seconds(3'600), milliseconds(-500)}) {
    for (const bool is_known : {false, true}) {
      SCOPED_TRACE(testing::Message() << step.us << (is_known ? " known" : ""));
      Stamped s;
      s.expect_time(s.arrives());
      std::vector<Stamped::Frame> waiting;
      for (int i = 0; i < 20; ++i) waiting.push_back(s.arrives());
      s.machine.set_clock(step);
      for (int i = 0; i < 20; ++i) waiting.push_back(s.arrives());
      if (is_known) s.clock.update(s.machine.reading);
      for (const Stamped::Frame& frame : waiting) s.expect_time(frame);
      s.expect_time(s.arrives());
    }
  }
}

TEST(StampTimes, NeverComeFromTheFutureOrRunBackByMoreThanTheTolerance) {
  Stamped s;
  s.expect_time(s.arrives());
  const Timestamp latest = s.times.latest(), now = s.clock.at(s.machine.reading.ticks);
  const auto read = [&s] { return s.machine.reading; };
  EXPECT_EQ(s.times.time_of(latest + seconds(-7), now, read), latest);
  EXPECT_EQ(s.times.time_of(latest + seconds(7), now, read), now + StampTimes::kTolerance);
}

}  // namespace
}  // namespace tapstat::dataplane
