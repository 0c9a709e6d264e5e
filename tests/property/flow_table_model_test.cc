/// The flow table against std::map: any sequence of insertions, look-ups and deletions, with hashes
/// that collide on purpose.
#include <map>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "dataplane/flow_table.h"

namespace tapstat::tests {
namespace {

using flowstats::kNoEntry;

using Operation = std::pair<bool, uint16_t>;  // insert (else erase), key

RC_GTEST_PROP(FlowTableModel, AgreesWithAMap, ()) {
  constexpr uint32_t kCapacity = 48;
  // From "all keys in one bucket with one tag" to well spread.
  const auto spread = *rc::gen::element<uint64_t>(1, 2, 7, 1'000'003);
  const auto operations = *rc::gen::container<std::vector<Operation>>(
      rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange<uint16_t>(0, 80)));
  const auto hash_of = [&](uint16_t key) { return (key % spread) * 0x9e3779b97f4a7c15ULL; };
  dataplane::FlowTable table(kCapacity);
  std::vector<uint16_t> keys(kCapacity);  // by entry
  std::map<uint16_t, uint32_t> model;
  std::vector<uint32_t> free;
  for (uint32_t i = 0; i < kCapacity; ++i) free.push_back(i);
  for (const auto& [insert, wanted] : operations) {
    const auto known = model.find(wanted);
    if (insert && known == model.end() && !free.empty()) {
      const uint32_t entry = free.back();
      free.pop_back();
      keys[entry] = wanted;
      table.insert(entry, hash_of(wanted));
      model[wanted] = entry;
    } else if (!insert && known != model.end()) {
      table.erase(known->second, hash_of(wanted));
      free.push_back(known->second);
      model.erase(known);
    }
    RC_ASSERT(table.size() == model.size());
    for (uint16_t key = 0; key < 80; ++key) {
      const auto expected = model.find(key);
      const auto has_key = [&](uint32_t entry) { return keys[entry] == key; };
      RC_ASSERT(table.find(hash_of(key), has_key) ==
                (expected == model.end() ? kNoEntry : expected->second));
    }
  }
}

}  // namespace
}  // namespace tapstat::tests
