#include "control/utc_text.h"

#include <limits>

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::utc_text;

TEST(UtcText, HasSixDigitsBehindTheSecond) {
  EXPECT_EQ(utc_text(1'400'111'054'199'951), "2014-05-14T23:44:14.199951Z");
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(utc_text(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(utc_text(951'782'400'000'007), "2000-02-29T00:00:00.000007Z");
}

TEST(UtcText, StaysWithinFourDigitsOfTheYear) {
  EXPECT_EQ(utc_text(std::numeric_limits<int64_t>::max()), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(utc_text(std::numeric_limits<int64_t>::min()), "0000-01-01T00:00:00.000000Z");
}

TEST(UtcText, NowIsAfterThisWasWritten) { EXPECT_GT(utc_text(control::utc_now()), "2024"); }

}  // namespace
}  // namespace tapstat::tests
