#include "flowstats/layer7/rtp_jitter.h"

#include <cmath>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

StampedArrival arrival(uint32_t stamp, int64_t since_first_us, uint8_t payload_type = 8) {
  return {payload_type, stamp, {since_first_us}};
}

TEST(RtpClock, IsKnownForAssignedTypes) {
  EXPECT_EQ(rtp_clock_hz(0), 8'000U);
  EXPECT_EQ(rtp_clock_hz(6), 16'000U);
  EXPECT_EQ(rtp_clock_hz(11), 44'100U);
  EXPECT_EQ(rtp_clock_hz(14), 90'000U);
  EXPECT_EQ(rtp_clock_hz(16), 11'025U);
  EXPECT_EQ(rtp_clock_hz(17), 22'050U);
  EXPECT_EQ(rtp_clock_hz(18), 8'000U);
  EXPECT_EQ(rtp_clock_hz(19), 0U);
  EXPECT_EQ(rtp_clock_hz(33), 90'000U);
  EXPECT_EQ(rtp_clock_hz(34), 0U);
  EXPECT_EQ(rtp_clock_hz(96), 0U);
}

TEST(RtpJitter, FollowsTheEstimatorOfTheRfc) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    RtpJitter jitter;
    jitter.begin(1000);
    jitter.add_sample(arrival(1160, 40'000), mode);  // 20 ms late
    EXPECT_EQ(jitter[RtpClock::of_type].value, 1.25);
    jitter.add_sample(arrival(1320, 60'000), mode);
    EXPECT_EQ(jitter[RtpClock::of_type].value, 1.171875);
    EXPECT_EQ(jitter[RtpClock::of_type].max, 1.25);
    EXPECT_EQ(jitter[RtpClock::of_type].min, 1.171875);
    EXPECT_EQ(jitter[RtpClock::khz_8].value, 1.171875);
  }
}

TEST(RtpJitter, TstatModeRemembersWholeMilliseconds) {
  double value[2];
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    RtpJitter jitter;
    jitter.begin(0);
    jitter.add_sample(arrival(160, 20'900), mode);
    jitter.add_sample(arrival(320, 40'900), mode);
    value[static_cast<size_t>(mode)] = jitter[RtpClock::of_type].value;
  }
  const double first = 0.9 / 16;
  EXPECT_NEAR(value[0], first + (0.9 - first) / 16, 1e-6) << "memory 0, not 0.9";
  EXPECT_NEAR(value[1], first + (0.0 - first) / 16, 1e-12);
}

TEST(RtpJitter, ClocksFollowThePayloadType) {
  RtpJitter jitter;
  jitter.begin(0);
  jitter.add_sample(arrival(160, 20'000, 34), Mode::corrected);  // assigned, clock not known
  for (const auto clock : {RtpClock::of_type, RtpClock::khz_8, RtpClock::khz_90})
    EXPECT_FALSE(jitter[clock].has_sample);
  jitter.add_sample(arrival(320, 50'000, 104), Mode::corrected);  // dynamic
  EXPECT_FALSE(jitter[RtpClock::of_type].has_sample);
  EXPECT_EQ(jitter[RtpClock::khz_8].value, 10.0 / 16);
  EXPECT_DOUBLE_EQ(jitter[RtpClock::khz_90].value, (50 - 320 / 90.0) / 16);
}

TEST(RtpJitter, WrapOfTheStampIsOneHugeSampleInTstatModeOnly) {
  double max[2];
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    RtpJitter jitter;
    const uint32_t first = 0xffffff60;  // 160 below the wrap
    jitter.begin(first);
    for (uint32_t i = 1; i <= 3; ++i) {
      jitter.add_sample(arrival(first + 160 * i, int64_t{20'000} * i), mode);
      jitter.remember(first + 160 * i);
    }
    max[static_cast<size_t>(mode)] = jitter[RtpClock::of_type].max;
  }
  EXPECT_NEAR(max[0], std::ldexp(1.0, 32) / 8 / 16, 10);
  EXPECT_EQ(max[1], 0);
}

TEST(RtpJitter, StampsGoBackByLessThan65536) {
  RtpJitter jitter;
  jitter.begin(100'000);
  EXPECT_FALSE(jitter.went_back(100'000));
  EXPECT_FALSE(jitter.went_back(100'001));
  EXPECT_TRUE(jitter.went_back(99'999));
  EXPECT_TRUE(jitter.went_back(100'000 - 65'535));
  EXPECT_FALSE(jitter.went_back(100'000 - 65'536));
  jitter.remember(99'999);  // does not move the reference
  EXPECT_FALSE(jitter.went_back(100'000));
}

TEST(RtpJitter, RestartGoesOnWhereTheLatestPacketWas) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    RtpJitter jitter;
    jitter.begin(1000);
    jitter.add_sample(arrival(1160, 20'000), mode);
    jitter.remember(1160);
    jitter.restart(arrival(900'000, 40'000), mode);
    jitter.remember(900'000);
    jitter.add_sample(arrival(900'160, 60'000), mode);
    EXPECT_EQ(jitter[RtpClock::of_type].value, mode == Mode::tstat ? 20.0 / 16 : 0);
  }
}

TEST(RtpJitter, TstatModeHasThePrecisionOfAFloat) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    RtpJitter jitter;
    jitter.begin(0);
    jitter.add_sample(arrival(160, 20'003), mode);
    const double value = jitter[RtpClock::of_type].value;
    EXPECT_EQ(value == static_cast<float>(value), mode == Mode::tstat);
  }
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
