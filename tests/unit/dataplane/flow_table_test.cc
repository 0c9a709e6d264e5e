#include "dataplane/flow_table.h"

#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

using flowstats::Endpoint;
using flowstats::FiveTuple;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::kNoEntry;

struct Entry {
  FiveTuple tuple;
};

FiveTuple tuple_number(uint32_t i) {
  return make_tuple(Endpoint{IpAddress::v4(0x0a000000 + i), 1000},
                    Endpoint{IpAddress::v4(0xc0000201), 80}, flowstats::kProtocolTcp, IpVersion::v4)
      .tuple;
}

TEST(FlowTable, FindsWhatWasInsertedAndNothingElse) {
  FlowTable<Entry> table(100);
  for (uint32_t i = 0; i < 100; ++i) {
    table[i].tuple = tuple_number(i);
    table.insert(i, hash_tuple(table[i].tuple, 0));
  }
  EXPECT_EQ(table.size(), 100u);
  for (uint32_t i = 0; i < 100; ++i)
    EXPECT_EQ(table.find(tuple_number(i), hash_tuple(tuple_number(i), 0)), i);
  EXPECT_EQ(table.find(tuple_number(100), hash_tuple(tuple_number(100), 0)), kNoEntry);
}

TEST(FlowTable, EqualHashesAreToldApartByTheKey) {
  // All in one bucket and beyond: overflow, deletion in the middle, no tombstones.
  constexpr uint64_t kHash = 0x123456789abcdef0;
  FlowTable<Entry> table(64);
  for (uint32_t i = 0; i < 40; ++i) {
    table[i].tuple = tuple_number(i);
    table.insert(i, kHash);
  }
  for (uint32_t i = 0; i < 40; i += 2) table.erase(i, kHash);
  for (uint32_t i = 0; i < 40; ++i)
    EXPECT_EQ(table.find(tuple_number(i), kHash), i % 2 == 0 ? kNoEntry : i) << "entry " << i;
  for (uint32_t i = 1; i < 40; i += 2) table.erase(i, kHash);
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, AgreesWithAMapOverRandomOperations) {
  constexpr uint32_t kCapacity = 200, kKeys = 600;
  FlowTable<Entry> table(kCapacity);
  std::map<uint32_t, uint32_t> model;  // key number -> entry
  std::vector<uint32_t> free;
  for (uint32_t i = 0; i < kCapacity; ++i) free.push_back(i);
  std::mt19937 random(1);
  for (int step = 0; step < 200'000; ++step) {
    const uint32_t key = random() % kKeys;
    // Few distinct hashes, so that buckets overflow all the time.
    const uint64_t hash = hash_tuple(tuple_number(key % 37), 0);
    const auto known = model.find(key);
    ASSERT_EQ(table.find(tuple_number(key), hash), known == model.end() ? kNoEntry : known->second);
    if (known != model.end()) {
      table.erase(known->second, hash);
      free.push_back(known->second);
      model.erase(known);
    } else if (!free.empty()) {
      const uint32_t entry = free.back();
      free.pop_back();
      table[entry].tuple = tuple_number(key);
      table.insert(entry, hash);
      model[key] = entry;
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

}  // namespace
}  // namespace tapstat::dataplane
