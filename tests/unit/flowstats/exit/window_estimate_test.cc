#include "flowstats/exit/window_estimate.h"

#include <initializer_list>
#include <utility>

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

constexpr uint32_t kRtt = 1000;

ExitVariables filled(const WindowEstimate& window) {
  ExitVariables v;
  window.fill(v);
  return v;
}

TEST(WindowEstimate, RemembersOneToTwoRoundTrips) {
  WindowEstimate window;
  window.on_sent(5000, false, 0, kRtt);
  window.on_sent(3000, false, 1000, kRtt);
  EXPECT_EQ(window.now(), 5000u);
  EXPECT_TRUE(window.is_filled_by(4500));
  EXPECT_FALSE(window.is_filled_by(4499));
  window.on_sent(2000, false, 2000, kRtt);
  EXPECT_EQ(window.now(), 3000u);
  window.on_sent(1000, false, 9000, kRtt);
  EXPECT_EQ(window.now(), 1000u);
  EXPECT_EQ(filled(window).window_max, 5000u);
}

TEST(WindowEstimate, RecoveryCountsForThePipeOnly) {
  WindowEstimate window;
  window.on_sent(1000, false, 0, kRtt);
  window.on_sent(9000, true, 10, kRtt);
  EXPECT_EQ(filled(window).window_max, 1000u);
  EXPECT_EQ(filled(window).pipe_max, 9000u);
}

TEST(WindowEstimate, PhasesOfOpening) {
  WindowEstimate window;
  window.on_opening();
  window.on_fast_retransmit();
  window.on_opening();
  window.on_timeout(8000);
  EXPECT_TRUE(window.is_watching());
  window.on_opening();
  window.on_sent(5000, true, 0, kRtt);  // not during the episode
  window.on_opening();
  window.on_sent(4000, false, 10, kRtt);
  window.on_opening();
  EXPECT_EQ(filled(window).slow_start, 3u);
  EXPECT_EQ(filled(window).congestion_avoidance, 2u);
}

TEST(WindowEstimate, WithoutLossTheUsualWayFindsTheSame) {
  WindowEstimate general, usual;
  int64_t now_us = 0;
  for (const auto& [gap_us, pipe] : std::initializer_list<std::pair<int64_t, uint32_t>>{
           {0, 5000}, {10, 3000}, {989, 5000}, {1, 4000}, {999, 6000}, {2500, 100}, {999, 200}}) {
    now_us += gap_us;
    general.on_sent(pipe, false, now_us, kRtt);
    usual.on_usual_sent(pipe, now_us, kRtt);
    ExitVariables expected, found;
    general.fill(expected);
    usual.fill(found);
    EXPECT_EQ(found, expected) << now_us;
    EXPECT_EQ(usual.is_filled_by(pipe), general.is_filled_by(pipe)) << now_us;
  }
}

}  // namespace
}  // namespace tapstat::flowstats
