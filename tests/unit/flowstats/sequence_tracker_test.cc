#include "flowstats/tcp/sequence_tracker.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

using options::SegmentClass;

/// The same segments and acknowledgments through both forms; each answer is compared at once.
class Pair {
 public:
  explicit Pair(Mode mode, uint32_t trains = 8)
      : lists_context_(limits(0), mode), context_(limits(trains), mode) {
    round_trips_.on_sample(milliseconds(20));
    round_trips_.on_sample(milliseconds(30));
  }

  void insert(uint32_t first, int32_t length, Timestamp at) {
    const RetransmissionEvidence evidence{at,   &round_trips_, &round_trips_, next_id_,
                                          true, false,         true};
    next_id_ = static_cast<uint16_t>(next_id_ + 1);
    settle_clock(at);
    const SegmentVerdict expected =
        lists_.insert(lists_context_, first, length, evidence, lists_classified_);
    SegmentVerdict verdict;
    // As flows do: the usual case first.
    const Moment now = base_.moment(at);
    if (length <= 0 || !now.near ||
        !tracker_.append(context_, first, static_cast<uint32_t>(length), now.us, evidence.ip_id))
      verdict = tracker_.insert(context_, base_, memory_, first, length, evidence, classified_);
    EXPECT_EQ(verdict.repeated_bytes, expected.repeated_bytes) << where(first, at);
    EXPECT_EQ(verdict.out_of_order, expected.out_of_order) << where(first, at);
    for (size_t c = 1; c < options::kSegmentClasses; ++c)
      EXPECT_EQ(classified_[static_cast<SegmentClass>(c)],
                lists_classified_[static_cast<SegmentClass>(c)])
          << "class " << c << " " << where(first, at);
  }

  void acknowledge(uint32_t ack, Timestamp at) {
    settle_clock(at);
    const auto expected = lists_.acknowledge(lists_context_, ack, at);
    int64_t sample_us = SequenceTracker::kNoSample;
    if (memory_.settled != 0 && ack == last_ack_)
      memory_.count();
    else
      sample_us = tracker_.acknowledge(context_, base_, memory_, ack, base_.moment(at));
    last_ack_ = ack;
    EXPECT_EQ(sample_us, expected ? expected->us : SequenceTracker::kNoSample) << where(ack, at);
  }

  /// All records are back in the pool.
  void finish() {
    tracker_.clear(context_);
    EXPECT_EQ(context_.trackers_taken, context_.trackers_returned);
    EXPECT_EQ(context_.pool.in_use(), 0u);
    EXPECT_EQ(context_.trains.in_use(), 0u);
  }
  [[nodiscard]] uint64_t taken() const { return context_.trackers_taken; }
  [[nodiscard]] uint64_t returned() const { return context_.trackers_returned; }

 private:
  static FlowLimits limits(uint32_t trains) {
    FlowLimits l;
    l.segment_records_max = 4096;
    l.segment_trains_max = trains;
    return l;
  }

  void settle_clock(Timestamp at) {
    if (base_.moment(at).near) return;
    const TimeBase after(at);
    tracker_.change_base(context_, base_, after, memory_);
    base_ = after;
  }
  static std::string where(uint32_t seq, Timestamp at) {
    return "at sequence number " + std::to_string(seq) + ", " + std::to_string(at.us) + " us";
  }

  TrackerContext lists_context_, context_;
  SegmentLists lists_;
  SequenceTracker tracker_;
  AckMemory memory_;
  TimeBase base_;
  options::SegmentClassCounts lists_classified_, classified_;
  end_to_end::RoundTrips round_trips_;
  uint32_t last_ack_ = 0;
  uint16_t next_id_ = 1;
};

struct Habits {
  std::string name;
  int odd_percent;        // segments that do not follow in order
  int in_flight_max;      // segments before an acknowledgment is likely
  int64_t pause_us_max;   // between two events
  int time_jump_percent;  // events after a jump of hours, in either direction
};

class TrackerForms : public testing::TestWithParam<Habits> {};

/// One random direction: mostly in order, acknowledged exactly, in the middle, again, far away.
void live(Pair& pair, const Habits& habits, std::mt19937& random) {
  const auto percent = [&](int p) { return static_cast<int>(random() % 100) < p; };
  uint32_t next = static_cast<uint32_t>(random());
  if (percent(50)) next = (static_cast<uint32_t>(random() % 4) << 30) - random() % 20'000;
  std::vector<uint32_t> ends{next};
  uint32_t acknowledged = next;
  Timestamp now{1'600'000'000'000'000};
  for (int event = 0; event < 400; ++event) {
    if (!percent(30)) now = now + Duration{static_cast<int64_t>(random() % habits.pause_us_max)};
    if (percent(habits.time_jump_percent))
      now = now + seconds((static_cast<int64_t>(random() % 40'000)) - 20'000);
    const auto length = static_cast<int32_t>(1 + random() % 1460);
    if (percent(habits.odd_percent)) {
      const uint32_t back = ends[ends.size() - 1 - random() % std::min<size_t>(ends.size(), 6)];
      const int shift = percent(70) ? 0 : static_cast<int>(random() % 3000) - 1500;
      pair.insert(back + static_cast<uint32_t>(shift), percent(5) ? 1 - length : length, now);
    } else if (static_cast<int>(random() % (habits.in_flight_max + 1)) != 0) {
      pair.insert(next, length, now);
      next += static_cast<uint32_t>(length);
      ends.push_back(next);
    } else {
      const size_t newest = ends.size() - 1;
      uint32_t ack = ends[newest - random() % std::min<size_t>(ends.size(), 3)];
      if (percent(15)) ack = acknowledged;
      if (percent(10)) ack -= static_cast<uint32_t>(random() % 700);
      if (percent(habits.odd_percent / 4)) ack += static_cast<uint32_t>(random());
      pair.acknowledge(ack, now);
      acknowledged = ack;
    }
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST_P(TrackerForms, GiveTheSameVerdictsAndSamples) {
  uint64_t opened = 0, closed = 0;
  for (unsigned seed = 0; seed < 1500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Pair pair(seed % 2 == 0 ? Mode::tstat : Mode::corrected, seed % 5 == 0 ? 0 : 8);
    live(pair, GetParam(), random);
    opened += pair.taken();
    closed += pair.returned();
    pair.finish();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(opened, 0u);
  EXPECT_GT(closed, 0u) << "directions come back to the in-order form";
}

INSTANTIATE_TEST_SUITE_P(
    Habits, TrackerForms,
    testing::Values(Habits{"orderly", 1, 2, 20'000, 0}, Habits{"bulk", 1, 15, 2'000, 0},
                    Habits{"flood", 1, 70, 2'000, 0}, Habits{"lossy", 15, 4, 200'000, 0},
                    Habits{"slow", 8, 2, 200'000'000, 0}, Habits{"jumping", 8, 2, 50'000, 5}),
    [](const auto& test) { return test.param.name; });

TEST(TrackerForm, InOrderTransferTakesNoRecord) {
  FlowLimits limits;
  limits.segment_records_max = limits.segment_trains_max = 0;
  TrackerContext context(limits, Mode::tstat);
  const TimeBase base(Timestamp{5'000'000});
  SequenceTracker tracker;
  AckMemory memory;
  options::SegmentClassCounts classified;
  end_to_end::RoundTrips none;
  const RetransmissionEvidence evidence{{5'000'000}, &none, &none, 1, true, false, true};
  static_cast<void>(tracker.insert(context, base, memory, 1000, 10, evidence, classified));
  uint32_t next = 1010;
  for (int round = 0; round < 10'000; ++round) {
    const Moment now = base.moment(Timestamp{5'000'000 + round * 100});
    for (int segment = 0; segment < 3; ++segment, next += 10)
      ASSERT_TRUE(tracker.append(context, next, 10, now.us, 7));
    ASSERT_EQ(tracker.acknowledge(context, base, memory, next, now), 0);
  }
  EXPECT_EQ(context.records_exhausted, 0u);
  EXPECT_EQ(context.trackers_taken, 0u);
}

TEST(TrackerForm, FarTimesAreKeptByTheLists) {
  Pair pair(Mode::tstat);
  const Timestamp before_1970{-5'000'000}, far{int64_t{1} << 60};
  pair.insert(1000, 100, before_1970);
  pair.insert(1100, 100, before_1970 + milliseconds(1));
  pair.acknowledge(1200, far);
  pair.insert(1000, 100, far + seconds(1));
  pair.acknowledge(1200, before_1970);
  pair.finish();
}

TEST(TimeBaseTest, NearMeansThirtyFiveMinutes) {
  const TimeBase base(Timestamp{1'600'000'000'000'000});
  const Timestamp start = base.time(0);
  EXPECT_LE(start.us, 1'600'000'000'000'000);
  EXPECT_TRUE(base.moment(start + Duration{INT32_MAX}).near);
  EXPECT_FALSE(base.moment(start + Duration{int64_t{INT32_MAX} + 1}).near);
  EXPECT_TRUE(base.moment(start + Duration{INT32_MIN}).near);
  EXPECT_FALSE(base.moment(start + Duration{int64_t{INT32_MIN} - 1}).near);
  EXPECT_EQ(base.time(base.moment(start + Duration{-77}).us).us, start.us - 77);
}

}  // namespace
}  // namespace tapstat::flowstats
