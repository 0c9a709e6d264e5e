#include "flowstats/base/units.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

TEST(Units, ElapsedNeverRunsBackwards) {
  EXPECT_EQ(elapsed(Timestamp{100}, Timestamp{350}).us, 250);
  EXPECT_EQ(elapsed(Timestamp{350}, Timestamp{100}).us, 0);
  EXPECT_EQ(elapsed(Timestamp{7}, Timestamp{7}).us, 0);
}

TEST(Units, DifferenceKeepsItsSign) { EXPECT_EQ((Timestamp{100} - Timestamp{350}).us, -250); }

TEST(Units, NeverIsBeforeEveryPacketTime) { EXPECT_LT(kNever, Timestamp{0}); }

TEST(Units, SecondsAndMillisecondsAreMicroseconds) {
  EXPECT_EQ(seconds(3).us, 3'000'000);
  EXPECT_EQ(milliseconds(3).us, 3'000);
}

}  // namespace
}  // namespace tapstat::flowstats
