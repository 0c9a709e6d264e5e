/// Flow table: any sequence of insertions, look-ups, moves, deletions and expiries equals a
/// std::map.
///
/// Input: first byte = how keys hash (from all alike to well spread); then pairs of bytes:
/// operation, key.
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "dataplane/flow_table.h"
#include "flowstats/base/check.h"

namespace {

using tapstat::flowstats::kNoEntry;

constexpr uint32_t kCapacity = 48;

/// The table and its model, changed together.
class Pair {
 public:
  explicit Pair(uint8_t spread) : spread_(spread % 64 + 1u), table_(kCapacity) {
    for (uint32_t i = 0; i < kCapacity; ++i) free_.push_back(i);
  }

  void insert(uint8_t key) {
    if (model_.contains(key) || free_.empty()) return;
    const uint32_t entry = free_.back();
    free_.pop_back();
    key_of_[entry] = key;
    table_.insert(entry, hash_of(key));
    model_[key] = entry;
    oldest_.push_back(key);
  }
  void erase(uint8_t key) {
    const auto known = model_.find(key);
    if (known == model_.end()) return;
    table_.erase(known->second, hash_of(key));
    free_.push_back(known->second);
    model_.erase(known);
    std::erase(oldest_, key);
  }
  /// As a flow that leaves the nursery.
  void move(uint8_t key) {
    const auto known = model_.find(key);
    if (known == model_.end() || free_.empty()) return;
    const uint32_t entry = free_.back();
    free_.back() = known->second;
    table_.replace(known->second, entry, hash_of(key));
    key_of_[entry] = key;
    known->second = entry;
  }
  void expire_oldest() {
    if (!oldest_.empty()) erase(oldest_.front());
  }
  void check(uint8_t key) const {
    const auto known = model_.find(key);
    const uint32_t expected = known == model_.end() ? kNoEntry : known->second;
    table_.prefetch(hash_of(key));
    const auto has_key = [&](uint32_t entry) { return key_of_[entry] == key; };
    TAPSTAT_ASSERT(table_.find(hash_of(key), has_key) == expected);
    const uint32_t candidate = table_.candidate(hash_of(key));
    TAPSTAT_ASSERT(candidate == kNoEntry || model_.at(key_of_[candidate]) == candidate);
    TAPSTAT_ASSERT(table_.size() == model_.size());
  }
  void check_all() const {
    for (unsigned key = 0; key < 256; ++key) check(static_cast<uint8_t>(key));
  }

 private:
  [[nodiscard]] uint64_t hash_of(uint8_t key) const {
    return key % spread_ * 0x9e3779b97f4a7c15ULL;
  }

  unsigned spread_;
  tapstat::dataplane::FlowTable table_;
  std::array<uint8_t, kCapacity> key_of_{};  // by entry
  std::map<uint8_t, uint32_t> model_;
  std::deque<uint8_t> oldest_;
  std::vector<uint32_t> free_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Pair pair(data[0]);
  for (size_t at = 1; at + 1 < size; at += 2) {
    const uint8_t key = data[at + 1];
    switch (data[at] % 5) {
      case 0: pair.insert(key); break;
      case 1: pair.erase(key); break;
      case 2: pair.expire_oldest(); break;
      case 3: pair.move(key); break;
      default: break;
    }
    pair.check(key);
  }
  pair.check_all();
  return 0;
}
