/// Index of a worker's flows: five-tuple hash -> entry number, fixed capacity, one cache line per
/// bucket.
///
/// A bucket holds seven 32-bit tags and entry numbers; a key that finds its bucket full goes to the
/// next one and leaves a count on every bucket it passed, so a miss ends after one line as a rule
/// and a deletion leaves nothing behind. The keys themselves are compared in the entries, which the
/// caller needs anyway. Sized for a load of at most one half. Owner thread only; never allocates
/// after construction. Lookup order: prefetch() for the whole burst, then find().
#pragma once

#include <bit>
#include <cstdint>

#include <emmintrin.h>

#include "flowstats/base/arena.h"
#include "flowstats/wire/five_tuple.h"

namespace tapstat::dataplane {

/// Entry needs a member `flowstats::FiveTuple tuple`.
template <class Entry>
class FlowTable {
 public:
  explicit FlowTable(uint32_t capacity)
      : entries_(capacity), buckets_(bucket_count(capacity)), mask_(buckets_.capacity() - 1) {}

  [[nodiscard]] Entry& operator[](uint32_t entry) { return entries_[entry]; }
  [[nodiscard]] const Entry& operator[](uint32_t entry) const { return entries_[entry]; }
  [[nodiscard]] uint32_t capacity() const { return entries_.capacity(); }
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] size_t bytes() const { return entries_.bytes() + buckets_.bytes(); }

  void prefetch(uint64_t hash) const { __builtin_prefetch(&buckets_[home(hash)]); }
  /// Second stage: the entry that probably belongs to `hash`.
  void prefetch_entry(uint64_t hash) const {
    const Bucket& bucket = buckets_[home(hash)];
    const uint32_t matches = matching_tags(bucket, tag_of(hash));
    if (matches == 0) return;
    const char* entry =
        reinterpret_cast<const char*>(&entries_[bucket.entry[std::countr_zero(matches)]]);
    for (size_t offset = 0; offset < kPrefetchedBytes; offset += 64)
      __builtin_prefetch(entry + offset, 1);
  }

  /// kNoEntry when there is none.
  [[nodiscard]] uint32_t find(const flowstats::FiveTuple& tuple, uint64_t hash) const {
    const uint32_t tag = tag_of(hash);
    for (uint32_t b = home(hash);; b = (b + 1) & mask_) {
      const Bucket& bucket = buckets_[b];
      for (uint32_t matches = matching_tags(bucket, tag); matches != 0; matches &= matches - 1) {
        const uint32_t entry = bucket.entry[std::countr_zero(matches)];
        if (entries_[entry].tuple == tuple) return entry;
      }
      if (bucket.passed == 0) return flowstats::kNoEntry;
    }
  }

  /// Precondition: size() < capacity(), the tuple is not in the table, `entry` is unused.
  void insert(uint32_t entry, uint64_t hash) {
    for (uint32_t b = home(hash);; b = (b + 1) & mask_) {
      Bucket& bucket = buckets_[b];
      const uint32_t free = matching_tags(bucket, kFreeTag);
      if (free == 0) {
        ++bucket.passed;
        continue;
      }
      const int slot = std::countr_zero(free);
      bucket.tag[slot] = tag_of(hash);
      bucket.entry[slot] = entry;
      ++size_;
      return;
    }
  }

  /// Precondition: `entry` was inserted with `hash`.
  void erase(uint32_t entry, uint64_t hash) {
    const uint32_t tag = tag_of(hash);
    for (uint32_t b = home(hash);; b = (b + 1) & mask_) {
      Bucket& bucket = buckets_[b];
      for (uint32_t matches = matching_tags(bucket, tag); matches != 0; matches &= matches - 1) {
        const int slot = std::countr_zero(matches);
        if (bucket.entry[slot] != entry) continue;
        bucket.tag[slot] = kFreeTag;
        --size_;
        return;
      }
      TAPSTAT_ASSERT(bucket.passed > 0);
      --bucket.passed;
    }
  }

 private:
  static constexpr int kSlots = 7;
  static constexpr uint32_t kFreeTag = 0;
  static constexpr size_t kPrefetchedBytes = 448;

  struct alignas(64) Bucket {
    uint32_t tag[kSlots] = {};
    uint32_t passed = 0;  // keys that live further on because this bucket was full
    uint32_t entry[kSlots] = {};
    uint32_t unused = 0;
  };
  static_assert(sizeof(Bucket) == 64);

  static uint32_t bucket_count(uint32_t capacity) {
    return std::bit_ceil(capacity * uint64_t{2} / kSlots + 1);
  }
  /// Tag and bucket number come from different bits; sharding goes by the top ones (shard.h).
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 24) | 1; }
  [[nodiscard]] uint32_t home(uint64_t hash) const { return static_cast<uint32_t>(hash) & mask_; }

  /// Bit i is set when tag i equals `tag`.
  static uint32_t matching_tags(const Bucket& bucket, uint32_t tag) {
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag));
    const auto* tags = reinterpret_cast<const __m128i*>(bucket.tag);
    const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(tags), wanted);
    const __m128i high =
        _mm_cmpeq_epi32(_mm_load_si128(tags + 1), wanted);  // its last lane is `passed`
    const int bits =
        _mm_movemask_ps(_mm_castsi128_ps(low)) | (_mm_movemask_ps(_mm_castsi128_ps(high)) << 4);
    return static_cast<uint32_t>(bits) & ((1u << kSlots) - 1);
  }

  flowstats::Arena<Entry> entries_;
  flowstats::Arena<Bucket> buckets_;
  uint32_t mask_;
  uint32_t size_ = 0;
};

}  // namespace tapstat::dataplane
