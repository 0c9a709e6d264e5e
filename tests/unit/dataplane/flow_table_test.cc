#include "dataplane/flow_table.h"

#include <limits>
#include <random>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/wire/five_tuple.h"

namespace tapstat::dataplane {
namespace {

using flowstats::kNoEntry;

/// Keys are plain numbers here; keys[entry] is the key of an entry.
using Keys = std::vector<uint64_t>;

uint32_t find(const FlowTable& table, const Keys& keys, uint64_t key, uint64_t hash) {
  return table.find(hash, [&](uint32_t entry) { return keys[entry] == key; });
}

uint64_t spread(uint64_t key) {
  flowstats::FiveTuple tuple;
  tuple.a_address.low = key;
  return hash_tuple(tuple, 0);
}

TEST(FlowTable, FindsWhatWasInsertedAndNothingElse) {
  FlowTable table(100);
  Keys keys(100);
  for (uint32_t i = 0; i < 100; ++i) {
    keys[i] = i;
    table.insert(i, spread(i));
  }
  EXPECT_EQ(table.size(), 100u);
  for (uint32_t i = 0; i < 100; ++i) EXPECT_EQ(find(table, keys, i, spread(i)), i);
  EXPECT_EQ(find(table, keys, 100, spread(100)), kNoEntry);
}

TEST(FlowTable, EqualHashesAreToldApartByTheKey) {
  // All in one bucket and beyond: overflow, deletion in the middle, no tombstones.
  constexpr uint64_t kHash = 0x123456789abcdef0;
  FlowTable table(64);
  Keys keys(64);
  for (uint32_t i = 0; i < 40; ++i) {
    keys[i] = i;
    table.insert(i, kHash);
  }
  EXPECT_EQ(table.probe_max(), 6u) << "40 keys in buckets of 7";
  for (uint32_t i = 0; i < 40; i += 2) table.erase(i, kHash);
  for (uint32_t i = 0; i < 40; ++i)
    EXPECT_EQ(find(table, keys, i, kHash), i % 2 == 0 ? kNoEntry : i) << "entry " << i;
  for (uint32_t i = 1; i < 40; i += 2) table.erase(i, kHash);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.size_max(), 40u);
  EXPECT_EQ(table.candidate(kHash), kNoEntry);
}

TEST(FlowTable, AFlowMayMoveToAnotherEntry) {
  constexpr uint64_t kHash = 0x123456789abcdef0;
  FlowTable table(30);
  for (uint32_t i = 0; i < 20; ++i) table.insert(i, kHash);
  for (uint32_t i = 0; i < 20; ++i) table.replace(i, 100 + i, kHash);
  for (uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(table.find(kHash, [&](uint32_t e) { return e == i; }), kNoEntry);
    EXPECT_EQ(table.find(kHash, [&](uint32_t e) { return e == 100 + i; }), 100 + i);
    table.erase(100 + i, kHash);
  }
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, TheCandidateIsTheEntryAsARule) {
  constexpr uint32_t kFlows = 20'000;
  FlowTable table(kFlows);
  for (uint32_t i = 0; i < kFlows; ++i) table.insert(i, spread(i));
  uint32_t right = 0, absent_with_candidate = 0;
  for (uint32_t i = 0; i < kFlows; ++i) {
    right += table.candidate(spread(i)) == i;
    absent_with_candidate += table.candidate(spread(kFlows + i)) != kNoEntry;
  }
  EXPECT_GT(right, kFlows * 98 / 100) << "the others are in the next bucket";
  // Tag and bucket must be independent: with 24 bits of its own a foreign tag matches by chance
  // once in 2^24 / 3.5 look-ups.
  EXPECT_EQ(absent_with_candidate, 0u);
}

TEST(FlowTable, IndexCostsAtMostTwentyBytesForEachFlow) {
  for (const uint32_t flows : {1'000u, 180'000u, 1'000'000u, 4'000'000u}) {
    const FlowTable table(flows);
    EXPECT_LE(table.bytes(), size_t{flows} * 20) << flows;
    EXPECT_GE(table.bytes(), size_t{flows} * 64 / 4) << "a load of more than 0.57";
  }
}

TEST(FlowTable, LoadAndProbesAreReported) {
  constexpr uint32_t kFlows = 100'000;
  FlowTable table(kFlows);
  for (uint32_t i = 0; i < kFlows; ++i) table.insert(i, spread(i));
  EXPECT_NEAR(table.load_max(), 0.5, 0.001);
  EXPECT_GE(table.probe_max(), 2u);
  EXPECT_LE(table.probe_max(), 6u);
}

TEST(FlowTable, ExtremesOfHashAndCapacity) {
  constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();
  for (const uint32_t capacity : {1u, 2u, 7u, 8u, 1'000u}) {
    FlowTable table(capacity);
    // The last bucket overflows into the first.
    for (uint32_t i = 0; i < capacity; ++i) table.insert(i, i % 2 == 0 ? kAll : 0);
    for (uint32_t i = 0; i < capacity; ++i)
      EXPECT_EQ(table.find(i % 2 == 0 ? kAll : 0, [&](uint32_t e) { return e == i; }), i);
    EXPECT_EQ(table.size(), table.capacity());
    for (uint32_t i = 0; i < capacity; ++i) table.erase(i, i % 2 == 0 ? kAll : 0);
    EXPECT_EQ(table.size(), 0u);
  }
}

TEST(FlowTable, AgreesWithAMapOverRandomOperations) {
  constexpr uint32_t kCapacity = 200, kKeys = 600;
  FlowTable table(kCapacity);
  Keys keys(kCapacity);
  std::unordered_map<uint32_t, uint32_t> model;  // key -> entry
  std::vector<uint32_t> free;
  for (uint32_t i = 0; i < kCapacity; ++i) free.push_back(i);
  std::mt19937 random(1);
  bool was_full = false;
  for (int step = 0; step < 200'000; ++step) {
    const uint32_t key = static_cast<uint32_t>(random() % kKeys);
    // Few distinct hashes, so that buckets overflow all the time.
    const uint64_t hash = spread(key % 37);
    const auto known = model.find(key);
    ASSERT_EQ(find(table, keys, key, hash), known == model.end() ? kNoEntry : known->second);
    // Fills up and empties in turn.
    const bool filling = step / 5'000 % 2 == 0;
    if (known != model.end() && (!filling || free.empty())) {
      table.erase(known->second, hash);
      free.push_back(known->second);
      model.erase(known);
    } else if (known == model.end() && filling && !free.empty()) {
      const uint32_t entry = free.back();
      free.pop_back();
      keys[entry] = key;
      table.insert(entry, hash);
      model[key] = entry;
    }
    was_full |= free.empty();
    ASSERT_EQ(table.size(), model.size());
  }
  EXPECT_TRUE(was_full);
}

}  // namespace
}  // namespace tapstat::dataplane
