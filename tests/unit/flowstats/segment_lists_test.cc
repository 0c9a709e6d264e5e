#include "flowstats/tcp/segment_lists.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

using options::SegmentClass;

class Lists : public testing::Test {
 protected:
  SegmentVerdict insert(uint32_t first, int32_t length, int64_t at_ms = 0) {
    RetransmissionEvidence evidence{
        Timestamp{milliseconds(at_ms).us}, &none_, &none_, next_id_++, true, false, true};
    return tracker_.insert(context_, first, length, evidence, classified_);
  }
  std::optional<Duration> acknowledge(uint32_t ack, int64_t at_ms) {
    return tracker_.acknowledge(context_, ack, Timestamp{milliseconds(at_ms).us});
  }
  [[nodiscard]] uint32_t classified(SegmentClass c) const { return classified_[c]; }

  static FlowLimits limits(uint32_t records) {
    FlowLimits l;
    l.segment_records_max = records;
    return l;
  }

  TrackerContext context_{limits(4096), Mode::tstat};
  SegmentLists tracker_;
  options::SegmentClassCounts classified_;
  end_to_end::RoundTrips none_;
  uint16_t next_id_ = 1;
};

TEST_F(Lists, InOrderSegmentsRepeatNothing) {
  for (uint32_t i = 0; i < 50; ++i) {
    const SegmentVerdict v = insert(1000 + i * 100, 100);
    EXPECT_EQ(v.repeated_bytes, 0);
    EXPECT_FALSE(v.out_of_order);
  }
}

TEST_F(Lists, ExactRepetitionRepeatsEveryByte) {
  insert(1000, 100);
  EXPECT_EQ(insert(1000, 100, 600).repeated_bytes, 100);
  EXPECT_EQ(classified(SegmentClass::retransmission_rto), 1u);
}

TEST_F(Lists, OneSegmentOverTwoIsClassifiedTwice) {
  insert(1, 100);
  insert(101, 100);
  EXPECT_EQ(insert(1, 250, 900).repeated_bytes, 200);
  EXPECT_EQ(classified(SegmentClass::retransmission_rto), 2u);
  EXPECT_EQ(insert(251, 10).repeated_bytes, 0);
}

TEST_F(Lists, FilledHoleIsOutOfOrderAndRepeatsNothing) {
  insert(1, 100);
  insert(201, 100, 1);
  const SegmentVerdict v = insert(101, 100, 2);
  EXPECT_TRUE(v.out_of_order);
  EXPECT_EQ(v.repeated_bytes, 0);
  EXPECT_EQ(classified(SegmentClass::reordering), 1u);
}

TEST_F(Lists, SegmentThatStartsInAHoleAndCoversMoreIsBoth) {
  insert(1, 100);
  insert(201, 100, 1);
  const SegmentVerdict v = insert(151, 250, 2);
  EXPECT_FALSE(v.out_of_order);
  EXPECT_EQ(v.repeated_bytes, 100);
  EXPECT_EQ(insert(401, 1).repeated_bytes, 0);
  EXPECT_EQ(insert(400, 1).repeated_bytes, 1);
}

TEST_F(Lists, SampleEndsExactlyAtTheAcknowledgment) {
  insert(1, 100, 0);
  insert(101, 100, 5);
  EXPECT_EQ(acknowledge(150, 10), std::nullopt);
  EXPECT_EQ(acknowledge(201, 20), std::nullopt) << "an earlier acknowledgment already touched it";
}

TEST_F(Lists, CumulativeAcknowledgmentTimesItsLastSegment) {
  insert(1, 100, 0);
  insert(101, 100, 5);
  const auto sample = acknowledge(201, 30);
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->us, milliseconds(25).us);
}

TEST_F(Lists, RetransmittedSegmentGivesNoSample) {
  insert(1, 100, 0);
  insert(1, 100, 900);
  EXPECT_EQ(acknowledge(101, 950), std::nullopt);
}

TEST_F(Lists, SomethingBeforeItSentLaterGivesNoSample) {
  insert(1, 100, 0);
  insert(101, 100, 1);
  insert(1, 100, 800);
  EXPECT_EQ(acknowledge(201, 850), std::nullopt);
}

TEST_F(Lists, RecordsOfALongTransferAreGivenBack) {
  TrackerContext context(limits(8), Mode::tstat);
  for (uint32_t i = 0; i < 1000; ++i) {
    RetransmissionEvidence evidence{Timestamp{i}, &none_, &none_, next_id_++, true, false, true};
    tracker_.insert(context, 1 + i * 100, 100, evidence, classified_);
    tracker_.acknowledge(context, 101 + i * 100, Timestamp{i});
  }
  EXPECT_EQ(context.records_exhausted, 0u);
  tracker_.clear(context);
  EXPECT_EQ(context.pool.in_use(), 0u);
}

TEST_F(Lists, OldestBoundaryIsGivenUpAtTheLimit) {
  for (uint32_t i = 0; i < 105; ++i) insert(1 + i * 10, 10);
  EXPECT_EQ(context_.records_merged, 5u);
  EXPECT_EQ(insert(1, 10, 900).repeated_bytes, 10) << "the bytes themselves are still known";
}

TEST_F(Lists, EmptyPoolIsCountedAndHarmless) {
  TrackerContext context(limits(2), Mode::corrected);
  for (uint32_t i = 0; i < 5; ++i) {
    RetransmissionEvidence evidence{Timestamp{i}, &none_, &none_, next_id_++, true, false, true};
    tracker_.insert(context, 1000 - i * 100, 50, evidence, classified_);
  }
  EXPECT_EQ(context.records_exhausted, 3u);
}

TEST_F(Lists, QuadrantBoundaryIsExactInCorrectedModeOnly) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    SegmentLists tracker;
    TrackerContext context(limits(4096), mode);
    RetransmissionEvidence evidence{Timestamp{0}, &none_, &none_, 1, true, false, true};
    for (uint32_t boundary = 1; boundary <= 4; ++boundary) {
      const uint32_t edge = boundary << 30;
      tracker.insert(context, edge - 50, 100, evidence, classified_);
      const int64_t repeated =
          tracker.insert(context, edge + 50, 100, evidence, classified_).repeated_bytes;
      EXPECT_EQ(repeated, mode == Mode::tstat ? boundary - 1 : 0) << "boundary " << boundary;
    }
    tracker.clear(context);
  }
}

TEST_F(Lists, AcknowledgmentTwoQuadrantsAwayForgets) {
  insert(1000, 100);
  acknowledge(1000 + (2u << 30), 10);
  EXPECT_EQ(insert(1000, 100, 20).repeated_bytes, 0);
}

}  // namespace
}  // namespace tapstat::flowstats
