#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/expiry_wheel.h"
#include "dataplane/slot_set.h"
#include "dataplane/tstat_sweep.h"

namespace tapstat::dataplane {
namespace {

using flowstats::kNoEntry;
using flowstats::seconds;
using flowstats::Timestamp;

TEST(SlotSet, CursorStartsAtOneAndWalksOn) {
  SlotSet slots = SlotSet::with_cursor(4, 200);
  EXPECT_EQ(slots.take(), 1u);
  EXPECT_EQ(slots.take(), 2u);
  slots.give_back(1);
  EXPECT_EQ(slots.take(), 3u);
  EXPECT_EQ(slots.take(), 0u);
  EXPECT_EQ(slots.take(), 1u);
  EXPECT_EQ(slots.take(), kNoEntry);
}

TEST(SlotSet, CursorGivesUpAfterItsSearchAndGoesOnFromThere) {
  SlotSet slots = SlotSet::with_cursor(1000, 10);
  for (int i = 0; i < 1000; ++i) ASSERT_NE(slots.take(), kNoEntry);
  slots.give_back(15);
  EXPECT_EQ(slots.take(), kNoEntry) << "slots 1 to 11 are busy";
  EXPECT_EQ(slots.take(), 15u);
}

TEST(SlotSet, SweepSeesTheUsedSlotsOfAClassAscending) {
  SlotSet slots = SlotSet::with_cursor(2 * TstatSweep::kClasses + 5, 200);
  for (uint32_t i = 0; i < slots.capacity(); ++i) ASSERT_NE(slots.take(), kNoEntry);
  std::vector<uint32_t> seen;
  const auto look = [&](uint32_t slot_class) {
    seen.clear();
    slots.for_each_used_in_class(slot_class, [&](uint32_t slot) { seen.push_back(slot); });
    return seen;
  };
  EXPECT_EQ(look(3), (std::vector<uint32_t>{3, 10'003, 20'003}));
  EXPECT_EQ(look(5), (std::vector<uint32_t>{5, 10'005}));
  slots.give_back(10'005);
  EXPECT_EQ(look(5), (std::vector<uint32_t>{5}));
  slots.for_each_used_in_class(5, [&](uint32_t slot) { slots.give_back(slot); });
  EXPECT_TRUE(look(5).empty());
}

TEST(SlotSet, AllUsedSlotsAreSeenAscendingAndMayBeGivenBack) {
  SlotSet slots = SlotSet::with_cursor(200, 200);
  for (int i = 0; i < 130; ++i) ASSERT_NE(slots.take(), kNoEntry);  // 1 to 130
  slots.give_back(64);
  std::vector<uint32_t> seen;
  slots.for_each_used([&](uint32_t slot) {
    seen.push_back(slot);
    slots.give_back(slot);
  });
  ASSERT_EQ(seen.size(), 129U);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.front(), 1U);
  EXPECT_EQ(seen.back(), 130U);
  seen.clear();
  slots.for_each_used([&](uint32_t slot) { seen.push_back(slot); });
  EXPECT_TRUE(seen.empty());
}

TEST(SlotSet, LastInFirstOutReusesTheWarmest) {
  SlotSet slots = SlotSet::last_in_first_out(3);
  EXPECT_EQ(slots.take(), 0u);
  EXPECT_EQ(slots.take(), 1u);
  slots.give_back(0);
  slots.give_back(1);
  EXPECT_EQ(slots.take(), 1u);
  EXPECT_EQ(slots.take(), 0u);
  EXPECT_EQ(slots.take(), 2u);
  EXPECT_EQ(slots.take(), kNoEntry);
}

TEST(TstatSweep, ExaminesOneClassPerHalfMillisecondRoundedUp) {
  TstatSweep sweep;
  std::vector<uint32_t> seen;
  const auto run = [&](int64_t us) {
    seen.clear();
    sweep.run(Timestamp{us}, [&](uint32_t c) { seen.push_back(c); });
    return seen;
  };
  sweep.start_at(Timestamp{1'000'000});
  EXPECT_TRUE(run(1'000'500).empty()) << "exactly one step is not more than one step";
  EXPECT_EQ(run(1'000'600), (std::vector<uint32_t>{0, 1}));
  EXPECT_TRUE(run(900'000).empty());
  EXPECT_EQ(run(1'002'100), (std::vector<uint32_t>{2, 3, 4}));
}

TEST(TstatSweep, AYearIsOneTurnAndThePointerMovesOn) {
  TstatSweep sweep;
  sweep.start_at(Timestamp{0});
  uint64_t count = 0;
  const int64_t year_us = int64_t{31'536'000} * 1'000'000 + 1;
  sweep.run(Timestamp{year_us}, [&](uint32_t) { ++count; });
  EXPECT_EQ(count, TstatSweep::kClasses);
  uint32_t first = kNoEntry;
  sweep.run(Timestamp{year_us + 501}, [&](uint32_t c) { first = std::min(first, c); });
  EXPECT_EQ(first, (uint64_t{year_us + 499} / 500) % TstatSweep::kClasses);
}

struct Entry {
  uint32_t wheel_next = kNoEntry, wheel_previous = kNoEntry, wheel_slot = kNoEntry;
};

struct Entries {
  std::vector<Entry> list = std::vector<Entry>(1000);
  Entry& operator[](uint32_t i) { return list[i]; }
};

TEST(ExpiryWheel, ExaminesEveryEntryOnceAfterItsDeadline) {
  Entries entries;
  ExpiryWheel<Entries> wheel(entries);
  std::mt19937 random(3);
  std::map<uint32_t, Timestamp> deadline;
  wheel.advance(Timestamp{seconds(1000).us}, 64, [](uint32_t) {});
  for (uint32_t e = 0; e < 1000; ++e) {
    deadline[e] = Timestamp{seconds(1000).us + static_cast<int64_t>(random() % 400'000'000)};
    wheel.schedule(e, deadline[e]);
  }
  for (uint32_t e = 0; e < 1000; e += 10) {
    wheel.cancel(e);
    deadline.erase(e);
  }
  for (int64_t now = 1000; now < 1410; ++now)
    wheel.advance(Timestamp{seconds(now).us}, 1000, [&](uint32_t e) {
      ASSERT_EQ(deadline.count(e), 1u) << "cancelled or examined twice";
      EXPECT_LE(deadline[e], Timestamp{seconds(now).us});
      EXPECT_LE(seconds(now).us - deadline[e].us, seconds(2).us);
      wheel.cancel(e);
      deadline.erase(e);
    });
  EXPECT_TRUE(deadline.empty());
}

TEST(ExpiryWheel, WorkPerCallIsBoundedAndTheRestFollows) {
  Entries entries;
  ExpiryWheel<Entries> wheel(entries);
  wheel.advance(Timestamp{0}, 64, [](uint32_t) {});
  for (uint32_t e = 0; e < 500; ++e) wheel.schedule(e, Timestamp{seconds(5).us});
  std::set<uint32_t> seen;
  for (int call = 0; call < 8; ++call) {
    const size_t before = seen.size();
    wheel.advance(Timestamp{seconds(100'000'000).us}, 64, [&](uint32_t e) {
      wheel.cancel(e);
      seen.insert(e);
    });
    EXPECT_LE(seen.size() - before, 64u);
  }
  EXPECT_EQ(seen.size(), 500u);
}

}  // namespace
}  // namespace tapstat::dataplane
