#include "flowstats/exit/outstanding_segments.h"

#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

constexpr uint32_t kMax = 100, kBase = 0xffff'ff00;  // the lists go through zero

class OutstandingSegmentsTest : public testing::Test {
 protected:
  void append(uint32_t start, uint32_t end, int64_t time_us, uint8_t marks = 0,
              uint32_t entries_max = kMax) {
    list_.append(pool_, entries_max, kBase + start, kBase + end, sent(time_us), marks);
  }
  static Transmission sent(int64_t time_us, uint32_t tsval = 0, uint16_t ip_id = 0) {
    return {time_us, tsval, ip_id, tsval != 0};
  }
  int64_t report(std::vector<SackBlock> blocks) {
    for (SackBlock& block : blocks) block = {kBase + block.start, kBase + block.end};
    return list_.report(pool_, blocks);
  }
  auto acknowledge(uint32_t ack) { return list_.acknowledge(pool_, kBase + ack); }

  ExitSegments pool_{20};
  OutstandingSegments list_;
};

TEST_F(OutstandingSegmentsTest, TheEarliestOfTheCoveredCounts) {
  append(0, 100, 10);
  append(100, 600, 20);
  append(600, 700, 30);
  EXPECT_EQ(acknowledge(50).earliest_us, OutstandingSegments::kNoTime);
  EXPECT_EQ(acknowledge(600).earliest_us, 10);
  EXPECT_EQ(list_.start(), kBase + 600);
  EXPECT_EQ(acknowledge(700).earliest_us, 30);
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(pool_.in_use(), 0u);
}

TEST_F(OutstandingSegmentsTest, ReportsMarkWholeSegmentsOnce) {
  append(0, 100, 10);
  append(100, 200, 20);
  append(200, 300, 30);
  EXPECT_EQ(report({{100, 299}}), 20);
  EXPECT_EQ(list_.sacked_bytes(), 100u);
  EXPECT_EQ(report({{100, 300}}), 30);
  EXPECT_EQ(report({{100, 300}}), OutstandingSegments::kNoTime);
  EXPECT_EQ(list_.sacked_bytes(), 200u);
  const auto covered = acknowledge(300);
  EXPECT_EQ(covered.earliest_us, 10);
  EXPECT_FALSE(covered.unfit);
  EXPECT_EQ(list_.sacked_bytes(), 0u);
}

TEST_F(OutstandingSegmentsTest, SeveralBlocksAtOnce) {
  for (uint32_t i = 0; i < 6; ++i) append(i * 100, i * 100 + 100, 10 + i);
  EXPECT_EQ(report({{100, 200}, {300, 500}, {300, 400}, {520, 600}}), 11);
  EXPECT_EQ(list_.sacked_bytes(), 300u);
  EXPECT_EQ(report({{100, 200}, {300, 600}}), 15);
  EXPECT_EQ(list_.sacked_bytes(), 400u);
}

TEST_F(OutstandingSegmentsTest, AHoleIsFilledInPieces) {
  append(0, 100, 10);
  append(100, 400, 20, OutstandingSegment::kHole);
  append(400, 500, 20);
  EXPECT_TRUE(list_.has_holes());
  list_.repeat(pool_, kMax, kBase + 200, kBase + 300, sent(30), OutstandingSegment::kUnfit);
  EXPECT_TRUE(list_.has_holes());
  EXPECT_EQ(pool_.in_use(), 5u);
  list_.repeat(pool_, kMax, kBase + 100, kBase + 200, sent(31), OutstandingSegment::kUnfit);
  EXPECT_TRUE(list_.has_holes());
  list_.repeat(pool_, kMax, kBase + 300, kBase + 400, sent(32), OutstandingSegment::kUnfit);
  EXPECT_FALSE(list_.has_holes());
  EXPECT_EQ(acknowledge(100).unfit, false);
  EXPECT_EQ(acknowledge(400).unfit, true);
  EXPECT_EQ(acknowledge(500).unfit, false);
}

TEST_F(OutstandingSegmentsTest, AHoleThatCannotBeCutIsFilledWhole) {
  append(0, 300, 20, OutstandingSegment::kHole);
  append(300, 400, 20);
  list_.repeat(pool_, 2, kBase + 100, kBase + 200, sent(30), OutstandingSegment::kUnfit);
  EXPECT_FALSE(list_.has_holes());
  EXPECT_EQ(pool_.in_use(), 2u);
}

TEST_F(OutstandingSegmentsTest, OverlapsAreDescribed) {
  list_.append(pool_, kMax, kBase, kBase + 100, sent(10, 50, 7), 0);
  list_.append(pool_, kMax, kBase + 100, kBase + 200, sent(12, 52, 8), OutstandingSegment::kHole);
  auto o = list_.overlap(pool_, kBase, kBase + 100, sent(500, 50, 7));
  EXPECT_TRUE(o.seen);
  EXPECT_TRUE(o.copied);
  EXPECT_FALSE(o.hole);
  o = list_.overlap(pool_, kBase, kBase + 100, sent(500, 49, 6));
  EXPECT_FALSE(o.copied);
  EXPECT_TRUE(o.late);
  o = list_.overlap(pool_, kBase + 100, kBase + 200, sent(500, 51, 6));
  EXPECT_FALSE(o.seen);
  EXPECT_TRUE(o.hole);
  EXPECT_TRUE(o.is_late_for_hole);
  EXPECT_EQ(o.hole_since_us, 12);
  o = list_.overlap(pool_, kBase + 50, kBase + 150, sent(500, 53, 9));
  EXPECT_TRUE(o.seen);
  EXPECT_TRUE(o.hole);
  EXPECT_FALSE(o.is_late_for_hole);
}

TEST_F(OutstandingSegmentsTest, CopiesWithoutIdentificationComeAtOnce) {
  EXPECT_TRUE(sent(10'900, 5).is_copy_of(sent(10'000, 5)));
  EXPECT_FALSE(sent(11'000, 5).is_copy_of(sent(10'000, 5)));
  EXPECT_FALSE(sent(10'100, 6).is_copy_of(sent(10'000, 5)));
  EXPECT_TRUE(sent(99'000, 5, 3).is_copy_of(sent(10'000, 5, 3)));
  EXPECT_FALSE(sent(10'000, 5, 4).is_copy_of(sent(10'000, 5, 3)));
}

TEST_F(OutstandingSegmentsTest, FourNeedNoneOfThePoolAndAFifthTakesThemAllThere) {
  for (uint32_t i = 0; i < 4; ++i) append(100 * i, 100 * i + 100, 10 + i);
  EXPECT_EQ(pool_.in_use(), 0u);
  EXPECT_EQ(acknowledge(150).earliest_us, 10);
  append(400, 500, 14);  // in the place that became free
  EXPECT_EQ(pool_.in_use(), 0u);
  append(500, 600, 15);
  EXPECT_EQ(pool_.in_use(), 5u);
  EXPECT_EQ(list_.start(), kBase + 100);
  EXPECT_EQ(acknowledge(400).earliest_us, 11);
  EXPECT_EQ(acknowledge(500).earliest_us, 14);
  EXPECT_EQ(acknowledge(600).earliest_us, 15);
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(pool_.in_use(), 0u);
  append(600, 700, 16);
  EXPECT_EQ(pool_.in_use(), 0u);
}

TEST_F(OutstandingSegmentsTest, AnHourBetweenTwoIsNotForgotten) {
  constexpr int64_t kTwoHoursUs = 7'200'000'000;
  append(0, 100, 10);
  append(100, 200, kTwoHoursUs);
  EXPECT_EQ(acknowledge(100).earliest_us, 10);
  EXPECT_EQ(acknowledge(200).earliest_us, kTwoHoursUs);
}

TEST_F(OutstandingSegmentsTest, BeyondItsBoundTheNewestGrows) {
  append(0, 100, 10, 0, 2);
  append(100, 200, 20, 0, 2);
  EXPECT_EQ(report({{100, 200}}), 20);
  append(200, 300, 30, 0, 2);
  EXPECT_EQ(pool_.in_use(), 2u);
  EXPECT_EQ(list_.sacked_bytes(), 0u);
  EXPECT_EQ(acknowledge(100).unfit, false);
  EXPECT_EQ(acknowledge(300).unfit, true);
  EXPECT_TRUE(list_.empty());
}

TEST_F(OutstandingSegmentsTest, AnEmptyPoolKeepsTheListWithoutGaps) {
  ExitSegments none(0);
  for (uint32_t i = 0; i < 5; ++i)
    list_.append(none, kMax, kBase + 100 * i, kBase + 100 * i + 100, sent(10), 0);
  EXPECT_TRUE(list_.empty());
  EXPECT_EQ(none.exhausted(), 5u);
  append(500, 600, 20);
  EXPECT_EQ(list_.start(), kBase + 500);
  list_.clear(pool_);
  EXPECT_EQ(pool_.in_use(), 0u);
}

}  // namespace
}  // namespace tapstat::flowstats
