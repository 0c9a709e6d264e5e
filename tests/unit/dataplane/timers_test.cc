#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/entry_queue.h"
#include "dataplane/expiry_wheel.h"
#include "dataplane/flow_rate.h"
#include "dataplane/slot_set.h"
#include "dataplane/tstat_sweep.h"

namespace tapstat::dataplane {
namespace {

using flowstats::kNoEntry;
using flowstats::seconds;
using flowstats::Timestamp;

TEST(SlotSet, CursorStartsAtOneAndWalksOn) {
  SlotSet slots(4, 200);
  EXPECT_EQ(slots.take(), 1u);
  EXPECT_EQ(slots.take(), 2u);
  slots.give_back(1);
  EXPECT_EQ(slots.take(), 3u);
  EXPECT_EQ(slots.take(), 0u);
  EXPECT_EQ(slots.take(), 1u);
  EXPECT_EQ(slots.take(), kNoEntry);
}

TEST(SlotSet, CursorGivesUpAfterItsSearchAndGoesOnFromThere) {
  SlotSet slots(1000, 10);
  for (int i = 0; i < 1000; ++i) ASSERT_NE(slots.take(), kNoEntry);
  slots.give_back(15);
  EXPECT_EQ(slots.take(), kNoEntry) << "slots 1 to 11 are busy";
  EXPECT_EQ(slots.take(), 15u);
}

TEST(SlotSet, FindsWhatASearchSlotBySlotFinds) {
  std::mt19937 random(3);
  for (const uint32_t capacity : {1u, 63u, 64u, 65u, 500u}) {
    for (const uint32_t search_max : {0u, 5u, 64u, 200u, 1000u}) {
      SlotSet slots(capacity, search_max);
      std::vector<bool> used(capacity);
      uint32_t cursor = 0;
      const auto slot_by_slot = [&] {
        for (uint32_t tried = 0; tried <= search_max; ++tried) {
          cursor = (cursor + 1) % capacity;
          if (used[cursor]) continue;
          used[cursor] = true;
          return cursor;
        }
        return kNoEntry;
      };
      for (int step = 0; step < 3'000; ++step) {
        ASSERT_EQ(slots.take(), slot_by_slot()) << capacity << ' ' << search_max;
        if (random() % 8 != 0) continue;
        for (uint32_t gone = static_cast<uint32_t>(random() % capacity); gone < capacity; ++gone) {
          if (used[gone]) slots.give_back(gone);
          used[gone] = false;
          if (random() % 16 == 0) break;
        }
      }
    }
  }
}

using Slots = std::vector<uint32_t>;

/// The used slots of some classes in the order in which they are examined.
Slots seen_in(const SlotSet& slots, SweepRange classes) {
  Slots prepared, seen;
  slots.for_each_used_in_classes(
      classes, [&](uint32_t slot) { prepared.push_back(slot); },
      [&](uint32_t slot) {
        EXPECT_GT(prepared.size(), seen.size()) << "examined before it was prefetched";
        seen.push_back(slot);
      });
  EXPECT_EQ(prepared, seen);
  return seen;
}

TEST(SlotSet, SweepSeesTheUsedSlotsClassByClassAscending) {
  SlotSet slots(2 * TstatSweep::kClasses + 5, 200);
  for (uint32_t i = 0; i < slots.capacity(); ++i) ASSERT_NE(slots.take(), kNoEntry);
  EXPECT_EQ(seen_in(slots, {3, 1}), (Slots{3, 10'003, 20'003}));
  EXPECT_EQ(seen_in(slots, {4, 2}), (Slots{4, 10'004, 20'004, 5, 10'005}));
  slots.give_back(10'005);
  EXPECT_EQ(seen_in(slots, {5, 1}), (Slots{5}));
  slots.for_each_used_in_classes(
      {5, 1}, [](uint32_t) {}, [&](uint32_t slot) { slots.give_back(slot); });
  EXPECT_TRUE(seen_in(slots, {5, 1}).empty());
  EXPECT_EQ(seen_in(slots, {9'999, 1}), (Slots{9'999, 19'999}));
}

TEST(SlotSet, SweepOfRandomSlotsAgreesWithALookAtEverySlot) {
  std::mt19937 random(5);
  for (const uint32_t capacity : {100u, 9'999u, 10'000u, 35'001u}) {
    SlotSet slots(capacity, capacity);
    for (uint32_t i = 0; i < capacity; ++i) ASSERT_NE(slots.take(), kNoEntry);
    for (uint32_t i = 0; i < capacity; ++i)
      if (random() % 50 != 0) slots.give_back(i);
    for (const SweepRange range : {SweepRange{0, TstatSweep::kClasses}, SweepRange{0, 1},
                                   SweepRange{63, 2}, SweepRange{77, 5'000}}) {
      Slots expected;
      for (uint32_t c = range.first; c < range.first + range.count; ++c)
        for (uint32_t slot = c; slot < capacity; slot += TstatSweep::kClasses)
          if (slots.used(slot)) expected.push_back(slot);
      EXPECT_EQ(seen_in(slots, range), expected) << capacity;
    }
  }
}

TEST(SlotSet, AllUsedSlotsAreSeenAscendingAndMayBeGivenBack) {
  SlotSet slots(200, 200);
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

TEST(TstatSweep, ExaminesOneClassPerHalfMillisecondRoundedUp) {
  TstatSweep sweep;
  std::vector<uint32_t> seen;
  const auto run = [&](int64_t us) {
    seen.clear();
    sweep.run(Timestamp{us}, [&](SweepRange classes) {
      for (uint32_t i = 0; i < classes.count; ++i) seen.push_back(classes.first + i);
    });
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
  sweep.run(Timestamp{year_us}, [&](SweepRange classes) { count += classes.count; });
  EXPECT_EQ(count, TstatSweep::kClasses);
  uint32_t first = kNoEntry;
  sweep.run(Timestamp{year_us + 501},
            [&](SweepRange classes) { first = std::min(first, classes.first); });
  EXPECT_EQ(first, (uint64_t{year_us + 499} / 500) % TstatSweep::kClasses);
}

TEST(TstatSweep, ARunGoesRoundTheEndInOrder) {
  TstatSweep sweep;
  sweep.start_at(Timestamp{0});
  sweep.run(Timestamp{500 * 9'998}, [](SweepRange) {});
  std::vector<std::pair<uint32_t, uint32_t>> ranges;
  sweep.run(Timestamp{500 * 10'003},
            [&](SweepRange classes) { ranges.emplace_back(classes.first, classes.count); });
  EXPECT_EQ(ranges, (std::vector<std::pair<uint32_t, uint32_t>>{{9'998, 2}, {0, 3}}));
}

/// The entries that come up by `now_s` seconds, examined and cancelled.
std::vector<uint32_t> due(ExpiryWheel& wheel, int64_t now_s, uint32_t work) {
  std::vector<uint32_t> prepared, examined;
  wheel.advance(
      Timestamp{seconds(now_s).us}, work, [&](uint32_t e) { prepared.push_back(e); },
      [&](uint32_t e) {
        wheel.cancel(e);
        examined.push_back(e);
      });
  EXPECT_EQ(prepared, examined);
  return examined;
}

TEST(ExpiryWheel, ExaminesEveryEntryOnceAfterItsDeadline) {
  ExpiryWheel wheel(1000);
  std::mt19937 random(3);
  std::map<uint32_t, Timestamp> deadline;
  EXPECT_TRUE(due(wheel, 1000, 64).empty());
  for (uint32_t e = 0; e < 1000; ++e) {
    deadline[e] = Timestamp{seconds(1000).us + static_cast<int64_t>(random() % 400'000'000)};
    wheel.schedule(e, deadline[e]);
  }
  for (uint32_t e = 0; e < 1000; e += 10) {
    wheel.cancel(e);
    deadline.erase(e);
  }
  for (int64_t now = 1000; now < 1410; ++now)
    for (const uint32_t e : due(wheel, now, 1000)) {
      ASSERT_EQ(deadline.count(e), 1u) << "cancelled or examined twice";
      EXPECT_LE(deadline[e], Timestamp{seconds(now).us});
      EXPECT_LE(seconds(now).us - deadline[e].us, seconds(2).us);
      deadline.erase(e);
    }
  EXPECT_TRUE(deadline.empty());
}

TEST(ExpiryWheel, WorkPerCallIsBoundedAndTheRestFollows) {
  ExpiryWheel wheel(1000);
  EXPECT_TRUE(due(wheel, 0, 64).empty());
  for (uint32_t e = 0; e < 500; ++e) wheel.schedule(e, Timestamp{seconds(5).us});
  std::set<uint32_t> seen;
  for (int call = 0; call < 8; ++call) {
    const auto some = due(wheel, 100'000'000, 64);
    EXPECT_LE(some.size(), 64u);
    seen.insert(some.begin(), some.end());
  }
  EXPECT_EQ(seen.size(), 500u);
}

/// Any mixture of queueing, cancelling, lagging behind and queueing again in the middle of a call.
TEST(ExpiryWheel, NeverLosesAnEntry) {
  constexpr uint32_t kEntries = 300;
  ExpiryWheel wheel(kEntries);
  std::mt19937 random(11);
  std::set<uint32_t> queued;
  int64_t now = 1'000;
  const auto deadline = [&] {
    return Timestamp{seconds(now + static_cast<int64_t>(random() % 900)).us};
  };
  for (int step = 0; step < 30'000; ++step) {
    const uint32_t entry = static_cast<uint32_t>(random() % kEntries);
    if (queued.insert(entry).second) {
      wheel.schedule(entry, deadline());
    } else if (random() % 2 == 0) {
      wheel.cancel(entry);
      queued.erase(entry);
    }
    now += random() % 100 == 0 ? static_cast<int64_t>(random() % 1'000) : random() % 5 == 0;
    const uint32_t victim = wheel.choose_victim([&](uint32_t) { return deadline(); });
    ASSERT_EQ(victim == kNoEntry, queued.empty());
    ASSERT_EQ(queued.count(victim), queued.empty() ? 0u : 1u);
    wheel.advance(
        Timestamp{seconds(now).us}, static_cast<uint32_t>(random() % 4), [](uint32_t) {},
        [&](uint32_t e) {
          ASSERT_EQ(queued.count(e), 1u);
          wheel.cancel(e);
          if (random() % 2 == 0)
            wheel.schedule(e, Timestamp{deadline().us + seconds(2).us});
          else
            queued.erase(e);
        });
  }
  ASSERT_FALSE(queued.empty());
  for (int call = 0; call < 3; ++call)
    for (const uint32_t e : due(wheel, now += 1'000, kEntries)) EXPECT_EQ(queued.erase(e), 1u);
  EXPECT_TRUE(queued.empty());
}

TEST(ExpiryWheel, EntriesOfOneTickComeInTheOrderInWhichTheyWereQueued) {
  ExpiryWheel wheel(100);
  EXPECT_TRUE(due(wheel, 0, 64).empty());
  for (const uint32_t e : {7u, 3u, 9u, 1u}) wheel.schedule(e, Timestamp{seconds(5).us + e});
  wheel.cancel(9);
  EXPECT_EQ(due(wheel, 7, 64), (std::vector<uint32_t>{7, 3, 1}));
}

TEST(ExpiryWheel, TheVictimIsDueFirst) {
  ExpiryWheel wheel(100);
  std::vector<Timestamp> deadlines;
  for (int64_t e = 0; e < 100; ++e) deadlines.push_back({seconds(300 - 3 * e).us});
  for (uint32_t e = 0; e < 100; ++e) wheel.schedule(e, deadlines[e]);
  for (uint32_t e = 99; e > 50; --e) {
    EXPECT_EQ(wheel.choose_victim([&](uint32_t n) { return deadlines[n]; }), e);
    wheel.cancel(e);
  }
}

/// Queued first, and therefore asked first, but each of them was heard of a moment ago.
TEST(ExpiryWheel, TheVictimIsNoneThatWasHeardOfSince) {
  constexpr uint32_t kBusy = 20, kSilent = 200;
  ExpiryWheel wheel(kBusy + kSilent);
  const auto deadline = [](uint32_t e) { return Timestamp{seconds(e < kBusy ? 5 : 4).us + e}; };
  for (uint32_t e = 0; e < kBusy; ++e) wheel.schedule(e, Timestamp{seconds(1).us});
  for (uint32_t e = kBusy; e < kBusy + kSilent; ++e) wheel.schedule(e, deadline(e));
  std::set<uint32_t> gone;
  for (uint32_t i = 0; i < kSilent; ++i) {
    const uint32_t victim = wheel.choose_victim(deadline);
    wheel.cancel(victim);
    gone.insert(victim);
  }
  uint32_t busy_gone = 0;
  for (uint32_t e = 0; e < kBusy; ++e) busy_gone += gone.count(e);
  // While only they are in front somebody has to go: once for each full round.
  EXPECT_LE(busy_gone, kBusy / 4);
}

TEST(ExpiryWheel, WithoutEntriesThereIsNoVictim) {
  ExpiryWheel wheel(3);
  EXPECT_EQ(wheel.choose_victim([](uint32_t) { return Timestamp{}; }), kNoEntry);
}

TEST(EntryQueue, KeepsTheOrderAndLetsAnybodyGo) {
  EntryQueue queue(5);
  EXPECT_EQ(queue.oldest(), kNoEntry);
  for (const uint32_t e : {2u, 0u, 4u, 1u}) queue.add(e);
  queue.remove(0);  // in the middle
  queue.remove(1);  // the newest
  queue.add(3);
  queue.add(0);
  std::vector<uint32_t> order;
  for (; queue.size() > 0; queue.remove(queue.oldest())) order.push_back(queue.oldest());
  EXPECT_EQ(order, (std::vector<uint32_t>{2, 4, 3, 0}));
  EXPECT_EQ(queue.oldest(), kNoEntry);
  queue.add(1);
  EXPECT_EQ(queue.oldest(), 1u);
  EXPECT_EQ(EntryQueue(1000).bytes(), 8'000u);
}

TEST(FlowRate, CountsEachSecondOfPacketTime) {
  FlowRate rate(2);
  const auto at = [&](int64_t us) { return rate.admits(Timestamp{us}); };
  EXPECT_TRUE(at(1'900'000));
  EXPECT_TRUE(at(1'999'999));
  EXPECT_FALSE(at(1'999'999));
  EXPECT_TRUE(at(2'000'000));
  EXPECT_TRUE(at(2'000'000));
  EXPECT_FALSE(at(2'999'999));
  EXPECT_TRUE(at(9'000'000));
  FlowRate unlimited(0);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(unlimited.admits(Timestamp{5}));
}

TEST(ExpiryWheel, TakesNoMemoryWithoutEntries) {
  EXPECT_EQ(ExpiryWheel(0).bytes(), 0u);
  EXPECT_EQ(ExpiryWheel(1000).bytes(), 8'000u);
}

}  // namespace
}  // namespace tapstat::dataplane
