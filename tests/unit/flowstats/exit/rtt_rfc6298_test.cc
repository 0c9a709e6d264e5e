#include "flowstats/exit/rtt_rfc6298.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

constexpr Duration kFloor = milliseconds(200);

TEST(RttEstimator, FollowsTheGainsOfTheRfc) {
  RttEstimator rtt;
  EXPECT_EQ(rtt.rto(kFloor, 0), seconds(1));
  EXPECT_EQ(rtt.rto_max_us(), 0u);
  rtt.on_sample(100'000, kFloor);
  EXPECT_EQ(rtt.smoothed_us(), 100'000u);
  EXPECT_EQ(rtt.variance_us(), 50'000u);
  EXPECT_EQ(rtt.rto(kFloor, 0).us, 300'000);
  rtt.on_sample(180'000, kFloor);
  EXPECT_EQ(rtt.variance_us(), 57'500u);  // 50 + (80 - 50) / 4
  EXPECT_EQ(rtt.smoothed_us(), 110'000u);
  EXPECT_EQ(rtt.rto(kFloor, 0).us, 340'000);
  rtt.on_sample(30'000, kFloor);
  EXPECT_EQ(rtt.smoothed_us(), 100'000u);
  EXPECT_EQ(rtt.samples(), 3u);
  EXPECT_EQ(rtt.sum_us(), 310'000u);
  EXPECT_EQ(rtt.min_us(), 30'000u);
  EXPECT_EQ(rtt.max_us(), 180'000u);
  EXPECT_EQ(rtt.latest_us(), 30'000u);
}

TEST(RttEstimator, TheFloorHoldsForTheVarianceTerm) {
  RttEstimator rtt;
  for (int i = 0; i < 100; ++i) rtt.on_sample(20'000, kFloor);
  EXPECT_EQ(rtt.rto(kFloor, 0).us, 220'000);
  EXPECT_EQ(rtt.rto(milliseconds(50), 0).us, 70'000);
  EXPECT_EQ(rtt.rto_min_us(), 220'000u);
  EXPECT_EQ(rtt.rto(kFloor, 1).us, 440'000);
  rtt.on_backoff(kFloor, 3);
  EXPECT_EQ(rtt.rto_max_us(), 1'760'000u);
}

TEST(RttEstimator, ExtremesAreBounded) {
  RttEstimator rtt;
  rtt.on_sample(0, kFloor);
  EXPECT_EQ(rtt.min_us(), 1u);
  for (int i = 0; i < 1000; ++i) rtt.on_sample(INT64_MAX, kFloor);
  EXPECT_EQ(rtt.max_us(), RttEstimator::kSampleMaxUs);
  EXPECT_LE(rtt.smoothed_us(), RttEstimator::kSampleMaxUs);
  EXPECT_EQ(rtt.rto(kFloor, 255).us, RttEstimator::kRtoMaxUs);
}

}  // namespace
}  // namespace tapstat::flowstats
