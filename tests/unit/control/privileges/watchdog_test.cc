#include "control/privileges/watchdog.h"

#include <array>

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::Watchdog;
using flowstats::ExitStatus;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Two workers and a writer; a tick each half second.
class WatchdogTest : public testing::Test {
 protected:
  /// The threads whose count changes meanwhile.
  void pass(milliseconds time, std::array<bool, 3> moving) {
    for (milliseconds at{0}; at < time; at += kTick) {
      now_ += kTick;
      for (size_t i = 0; i < rounds_.size(); ++i) rounds_[i] += moving[i] ? 7 : 0;
      watchdog_.tick(rounds_, now_);
    }
  }
  std::string complaint() const {
    const auto checked = watchdog_.check();
    return checked ? "" : checked.error().sentence;
  }

  static constexpr milliseconds kTick{500};
  Watchdog::Time now_{seconds(1000)};
  std::array<uint64_t, 3> rounds_{};
  Watchdog watchdog_{{"worker 0", "worker 1", "writer"}, Watchdog::kPatience, now_};
};

TEST_F(WatchdogTest, WhileAllAdvanceWeAreAlive) {
  pass(kTick, {true, true, true});  // the first counts: nothing to compare with
  EXPECT_FALSE(watchdog_.may_report());
  for (int i = 0; i < 100; ++i) {
    pass(kTick, {true, true, true});
    EXPECT_TRUE(watchdog_.may_report());
    EXPECT_TRUE(watchdog_.check().has_value());
  }
  EXPECT_FALSE(watchdog_.may_report());  // nobody has moved since the last report
}

TEST_F(WatchdogTest, OneThreadThatStandsStillEndsTheReportsAtOnce) {
  pass(seconds(2), {true, true, true});
  EXPECT_TRUE(watchdog_.may_report());
  pass(seconds(2), {true, false, true});
  EXPECT_FALSE(watchdog_.may_report());
  pass(kTick, {false, true, false});  // each has moved since the last report
  EXPECT_TRUE(watchdog_.may_report());
}

TEST_F(WatchdogTest, AfterFiveSecondsTheThreadIsNamed) {
  pass(seconds(1), {true, true, true});
  pass(seconds(5), {true, true, false});
  EXPECT_EQ(complaint(), "");
  pass(kTick, {true, true, false});
  EXPECT_EQ(complaint(), "stopped by the watchdog: no progress of writer for 5.5 s.");
  EXPECT_EQ(watchdog_.check().error().status, ExitStatus::watchdog);
  pass(kTick, {true, true, true});
  EXPECT_EQ(complaint(), "");
}

TEST_F(WatchdogTest, SeveralAreNamedTogether) {
  pass(seconds(1), {true, true, true});
  pass(seconds(1), {false, true, true});
  pass(seconds(6), {false, true, false});
  EXPECT_EQ(complaint(),
            "stopped by the watchdog: no progress of worker 0 for 7.0 s, writer for 6.0 s.");
}

TEST_F(WatchdogTest, AThreadThatNeverStartsIsNoticed) {
  pass(seconds(6), {true, true, false});
  EXPECT_EQ(complaint(), "stopped by the watchdog: no progress of writer for 6.0 s.");
}

TEST_F(WatchdogTest, AStoppedProcessIsNoStalledThread) {
  pass(seconds(2), {true, true, true});
  now_ += std::chrono::hours(1);  // SIGSTOP and SIGCONT, or a machine that slept
  watchdog_.tick(rounds_, now_);
  EXPECT_EQ(complaint(), "");
  pass(seconds(3), {true, true, true});
  EXPECT_EQ(complaint(), "");
  EXPECT_TRUE(watchdog_.may_report());
}

TEST_F(WatchdogTest, ACountThatBeginsAnewIsProgress) {
  pass(seconds(2), {true, true, true});
  pass(seconds(4), {true, true, false});
  rounds_[2] = 0;
  now_ += kTick;
  watchdog_.tick(rounds_, now_);
  pass(seconds(4), {true, true, false});
  EXPECT_EQ(complaint(), "");
}

TEST_F(WatchdogTest, AClockThatJumpsBackAddsNothing) {
  pass(seconds(2), {true, true, true});
  pass(seconds(5), {true, true, false});
  now_ -= seconds(100);
  watchdog_.tick(rounds_, now_);
  EXPECT_EQ(complaint(), "");
}

}  // namespace
}  // namespace tapstat::tests
