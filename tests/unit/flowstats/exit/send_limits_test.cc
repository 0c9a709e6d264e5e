#include "flowstats/exit/send_limits.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

constexpr auto kSender = static_cast<size_t>(SendLimit::sender),
               kCongestion = static_cast<size_t>(SendLimit::congestion),
               kReceiver = static_cast<size_t>(SendLimit::receiver);

TEST(SendLimits, EveryMicrosecondBelongsToOneState) {
  SendLimits limits;
  limits.enter(SendLimit::receiver, 100);
  limits.on_payload(10);
  limits.enter(SendLimit::receiver, 150);
  limits.enter(SendLimit::congestion, 300);
  limits.on_payload(20);
  limits.enter(SendLimit::sender, 600);
  limits.on_payload(30);
  limits.enter(SendLimit::receiver, 700);
  ExitVariables v;
  limits.fill(v, 1000, 1000, 65);
  EXPECT_EQ(v.limit_time[kSender].us, 200);
  EXPECT_EQ(v.limit_time[kCongestion].us, 300);
  EXPECT_EQ(v.limit_time[kReceiver].us, 500);
  EXPECT_EQ(v.limit_bytes[kSender], 35u);
  EXPECT_EQ(v.limit_bytes[kCongestion], 20u);
  EXPECT_EQ(v.limit_bytes[kReceiver], 10u);
  EXPECT_EQ(v.limit_entries[kSender], 1u);
  EXPECT_EQ(v.limit_entries[kReceiver], 2u);
}

TEST(SendLimits, ATimeoutTakesThePauseBeforeIt) {
  for (const SendLimit state : {SendLimit::sender, SendLimit::receiver, SendLimit::congestion}) {
    SendLimits limits;
    limits.enter(state, 100);
    limits.passed_in_congestion(400);
    ExitVariables v;
    limits.fill(v, 600, 600, 0);
    EXPECT_EQ(v.limit_time[kSender].us + v.limit_time[kCongestion].us + v.limit_time[kReceiver].us,
              600);
    EXPECT_EQ(v.limit_time[kCongestion].us, state == SendLimit::congestion ? 500 : 400);
    EXPECT_EQ(v.limit_time[kReceiver].us, state == SendLimit::receiver ? 100 : 0);
  }
}

}  // namespace
}  // namespace tapstat::flowstats
