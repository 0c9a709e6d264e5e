#include "dataplane/nursery.h"

#include <algorithm>
#include <deque>
#include <random>

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

using flowstats::kNoEntry;
using flowstats::Segment;

Segment syn_number(uint32_t number) {
  Segment syn;
  syn.tuple.protocol = flowstats::kProtocolTcp;
  syn.seq = number;
  return syn;
}

TEST(Nursery, EntriesAreMarked) {
  Nursery nursery(2);
  const uint32_t entry = nursery.take(syn_number(7), 123);
  EXPECT_TRUE(Nursery::holds(entry));
  EXPECT_FALSE(Nursery::holds(entry & 0x7fffffff));
  EXPECT_NE(entry, kNoEntry);
  EXPECT_EQ(nursery[entry].opening.seq, 7u);
  EXPECT_EQ(nursery.slot(entry), 123u);
}

TEST(Nursery, AFreeEntryMatchesNoSegment) {
  Nursery nursery(2);
  const uint32_t entry = nursery.take(syn_number(7), 0);
  nursery.give_back(entry);
  EXPECT_FALSE(nursery[entry].opening.tuple == syn_number(7).tuple);
}

TEST(Nursery, KeepsTheOrderOfOpening) {
  constexpr uint32_t kCapacity = 20;
  Nursery nursery(kCapacity);
  std::deque<uint32_t> model;  // entries, oldest first
  std::mt19937 random(2);
  for (int step = 0; step < 20'000; ++step) {
    ASSERT_EQ(nursery.oldest(), model.empty() ? kNoEntry : model.front());
    ASSERT_EQ(nursery.size(), model.size());
    ASSERT_EQ(nursery.full(), model.size() == kCapacity);
    if (!nursery.full() && random() % 2 == 0) {
      const uint32_t entry = nursery.take(syn_number(static_cast<uint32_t>(step)), 0);
      ASSERT_EQ(std::count(model.begin(), model.end(), entry), 0);
      model.push_back(entry);
    } else if (!model.empty()) {
      const auto any = model.begin() + static_cast<std::ptrdiff_t>(random() % model.size());
      nursery.give_back(*any);
      model.erase(any);
    }
  }
  EXPECT_EQ(nursery.size_max(), kCapacity);
}

TEST(Nursery, CostsTwoCacheLinesForEachFlow) {
  EXPECT_EQ(Nursery(100'000).bytes(), 100'000u * 128);
}

}  // namespace
}  // namespace tapstat::dataplane
