#include "exporters/trace_merge.h"

#include <thread>

#include <gtest/gtest.h>

#include "flowstats/record_queue.h"
#include "tests/unit/exporters/trace_packets.h"

namespace tapstat::exporters {
namespace {

using flowstats::Timestamp;
using flowstats::TracedPacket;
using flowstats::TraceSlot;
using std::chrono::milliseconds;
using tests::FilledSource;

/// The times of what is given out now.
std::vector<int64_t> times(TraceMerge& merge) {
  std::vector<int64_t> all;
  while (const TraceSlot* const slot = merge.next()) {
    all.push_back(static_cast<const TracedPacket*>(slot)->time.us);
    merge.pop();
  }
  return all;
}

TEST(TraceMerge, GivesOutInTheOrderOfTimeAsFarAsEveryRingIsComplete) {
  FilledSource a, b;
  TraceMerge merge({&a, &b}, milliseconds(60'000));
  for (const int64_t t : {1, 4, 4, 9}) a.put(Timestamp{t});
  EXPECT_EQ(times(merge), (std::vector<int64_t>{})) << "b may have older ones";
  for (const int64_t t : {2, 3, 7}) b.put(Timestamp{t});
  b.complete_to(Timestamp{7});
  EXPECT_EQ(times(merge), (std::vector<int64_t>{1, 2, 3, 4, 4, 7}));
  EXPECT_EQ(merge.frontier(), Timestamp{7});
  b.complete_to(Timestamp{9});
  EXPECT_EQ(times(merge), (std::vector<int64_t>{9}));
  a.complete_to(flowstats::kAlways);
  b.complete_to(flowstats::kAlways);
  EXPECT_EQ(times(merge), (std::vector<int64_t>{}));
  EXPECT_EQ(merge.frontier(), flowstats::kAlways);
}

TEST(TraceMerge, ASilentRingIsNotWaitedForWhenAnotherFillsUp) {
  FilledSource a, silent;
  TraceMerge merge({&a, &silent}, milliseconds(60'000));
  a.put(Timestamp{5});
  EXPECT_EQ(merge.next(), nullptr);
  a.fill();
  EXPECT_EQ(times(merge), (std::vector<int64_t>{5}));
  EXPECT_EQ(merge.frontier(), flowstats::kNever) << "nothing is promised";
}

TEST(TraceMerge, ASilentRingIsWaitedForNoLongerThanTheHoldBack) {
  FilledSource a, silent;
  TraceMerge merge({&a, &silent}, milliseconds(20));
  a.put(Timestamp{5});
  EXPECT_EQ(merge.next(), nullptr);
  std::this_thread::sleep_for(milliseconds(30));
  a.put(Timestamp{6});
  EXPECT_EQ(times(merge), (std::vector<int64_t>{5, 6}));
}

}  // namespace
}  // namespace tapstat::exporters
