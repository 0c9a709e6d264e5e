#include "dataplane/flow_pool.h"

#include <vector>

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

using flowstats::kNoEntry;

uint32_t open(FlowPool& pool) {
  const uint32_t entry = pool.take();
  if (entry != kNoEntry) pool[entry].tuple.protocol = flowstats::kProtocolTcp;
  return entry;
}

std::vector<uint32_t> used(const FlowPool& pool) {
  std::vector<uint32_t> entries;
  pool.for_each_used([&](uint32_t entry) { entries.push_back(entry); });
  return entries;
}

TEST(FlowPool, ReusesTheWarmestAndTheNeverUsedLast) {
  FlowPool pool(3);
  EXPECT_EQ(open(pool), 0u);
  EXPECT_EQ(open(pool), 1u);
  pool.give_back(0);
  pool.give_back(1);
  EXPECT_EQ(open(pool), 1u);
  EXPECT_EQ(open(pool), 0u);
  EXPECT_EQ(open(pool), 2u);
  EXPECT_EQ(open(pool), kNoEntry);
}

TEST(FlowPool, UsedEntriesAreSeenAscendingAndMayBeGivenBack) {
  FlowPool pool(100);
  for (int i = 0; i < 60; ++i) ASSERT_NE(open(pool), kNoEntry);
  for (uint32_t entry = 0; entry < 60; ++entry)
    if (entry % 20 != 7) pool.give_back(entry);
  EXPECT_EQ(used(pool), (std::vector<uint32_t>{7, 27, 47}));
  pool.for_each_used([&](uint32_t entry) { pool.give_back(entry); });
  EXPECT_TRUE(used(pool).empty());
  pool.restart();
  EXPECT_EQ(open(pool), 0u);
  EXPECT_EQ(used(pool), (std::vector<uint32_t>{0}));
}

}  // namespace
}  // namespace tapstat::dataplane
