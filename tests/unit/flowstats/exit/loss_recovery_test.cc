#include "flowstats/exit/loss_recovery.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

using Signal = LossRecovery::Signal;

class LossRecoveryTest : public testing::Test {
 protected:
  LossRecoveryTest() { rtt_.on_sample(20'000, kFloor); }

  static constexpr Duration kFloor = milliseconds(200);
  static LossRecovery::Repair repair(int64_t quiet_ms, bool evidence, uint64_t max = 5000) {
    return {max, 3000, quiet_ms * 1000, true, evidence, {}, kFloor};
  }
  ExitVariables filled() {
    ExitVariables v;
    recovery_.fill(v);
    return v;
  }

  RttEstimator rtt_;
  LossRecovery recovery_;
};

TEST_F(LossRecoveryTest, ATimeoutNeedsNineTenthsOfTheTimer) {
  EXPECT_EQ(recovery_.on_repair(repair(197, false), rtt_), Signal::none);
  EXPECT_EQ(recovery_.on_repair(repair(198, false), rtt_), Signal::timeout);
  EXPECT_EQ(recovery_.backoff(), 1u);
  EXPECT_EQ(recovery_.on_repair(repair(395, false), rtt_), Signal::none);
  EXPECT_EQ(recovery_.on_repair(repair(396, true), rtt_), Signal::timeout);
  EXPECT_EQ(filled().timeouts, 1u);
  EXPECT_EQ(filled().subsequent_timeouts, 1u);
  EXPECT_EQ(filled().abrupt_timeouts, 1u);
}

TEST_F(LossRecoveryTest, AnEpisodeEndsWhenEverythingOfItsBeginningIsAcknowledged) {
  EXPECT_EQ(recovery_.on_repair(repair(1, true), rtt_), Signal::fast_retransmit);
  EXPECT_EQ(recovery_.on_repair(repair(1, true), rtt_), Signal::none);
  EXPECT_FALSE(recovery_.on_progress(4999, true, {}));
  EXPECT_TRUE(recovery_.is_open());
  EXPECT_TRUE(recovery_.on_progress(5000, true, {}));
  EXPECT_FALSE(recovery_.is_open());
  EXPECT_EQ(filled().fast_retransmits, 1u);
}

TEST_F(LossRecoveryTest, OnlyAllDuplicatesUndoAnEpisode) {
  static_cast<void>(recovery_.on_repair(repair(1, true), rtt_));
  static_cast<void>(recovery_.on_repair(repair(1, true), rtt_));
  EXPECT_FALSE(recovery_.on_duplicates(1));
  EXPECT_TRUE(recovery_.on_duplicates(1));
  EXPECT_FALSE(recovery_.is_open());
  EXPECT_FALSE(recovery_.on_duplicates(1));
  EXPECT_EQ(filled().needless_recoveries, 1u);
  EXPECT_EQ(filled().acks_after_needless_recovery, 2u);
}

TEST_F(LossRecoveryTest, SamplesAreAwaitedOncePerSignal) {
  recovery_.on_sample(1);
  EXPECT_EQ(filled().rtt_samples_after_congestion, 0u);
  static_cast<void>(recovery_.on_repair(repair(1, true), rtt_));
  EXPECT_FALSE(recovery_.is_quiet());
  recovery_.on_sample(25'000);
  recovery_.on_sample(26'000);
  EXPECT_EQ(filled().rtt_samples_after_congestion, 1u);
  EXPECT_EQ(filled().rtt_sum_after_congestion.us, 25'000);
  EXPECT_EQ(filled().rtt_sum_before_congestion.us, 20'000);
  EXPECT_EQ(filled().congestion_pipe_sum, 3000u);
}

TEST_F(LossRecoveryTest, CongestionEchoesCountOncePerWindow) {
  EXPECT_TRUE(recovery_.on_congestion_echo(100, 1000, 900, rtt_));
  EXPECT_FALSE(recovery_.on_congestion_echo(1000, 2000, 900, rtt_));
  EXPECT_TRUE(recovery_.on_congestion_echo(1001, 2000, 900, rtt_));
  static_cast<void>(recovery_.on_repair(repair(1, true), rtt_));
  EXPECT_FALSE(recovery_.on_congestion_echo(5000, 9000, 900, rtt_));  // the episode says it
  EXPECT_EQ(filled().ecn_signals, 2u);
  EXPECT_EQ(filled().congestion_signals, 3u);
}

}  // namespace
}  // namespace tapstat::flowstats
