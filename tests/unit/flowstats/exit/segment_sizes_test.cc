#include "flowstats/exit/segment_sizes.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

TEST(SegmentSizes, TheLargestIsForgottenAfterSixtyFourSegments) {
  SegmentSizes sizes;
  EXPECT_EQ(sizes.now(), 0);
  EXPECT_EQ(sizes.min(), 0);
  sizes.add(1448);
  for (int i = 0; i < 31; ++i) sizes.add(500);
  for (int i = 0; i < 32; ++i) sizes.add(500);
  EXPECT_EQ(sizes.now(), 1448);
  sizes.add(500);
  EXPECT_EQ(sizes.now(), 500);
  EXPECT_EQ(sizes.max(), 1448);
  EXPECT_EQ(sizes.min(), 500);
  sizes.add(100'000);
  EXPECT_EQ(sizes.now(), 65535);
}

}  // namespace
}  // namespace tapstat::flowstats
