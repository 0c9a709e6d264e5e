/// Index of a worker's flows: five-tuple hash -> entry number, fixed capacity, one cache line per
/// bucket.
///
/// The entries themselves live elsewhere; the table never looks at them, so one index serves
/// entries of several kinds and the caller compares keys. A bucket holds seven 32-bit tags and
/// entry numbers; a key that finds its bucket full goes to the next one and leaves a count on every
/// bucket it passed, so a miss ends after one line as a rule and a deletion leaves nothing behind.
/// Sized exactly for a load of at most one half: 18.3 bytes for each flow. Owner thread only; never
/// allocates after construction. For a burst: prefetch() of all, candidate() of all, then find() in
/// order.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include <emmintrin.h>

#include "flowstats/base/arena.h"

namespace tapstat::dataplane {

class FlowTable {
 public:
  explicit FlowTable(uint32_t capacity)
      : buckets_(bucket_count(capacity)), bucket_count_(buckets_.capacity()), capacity_(capacity) {}

  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] size_t bytes() const { return buckets_.bytes(); }
  /// See PageBlock::touch().
  void touch() { buckets_.touch(); }
  [[nodiscard]] uint32_t bucket_count() const { return bucket_count_; }
  /// Most flows at a time so far, and most buckets that an insertion had to look at.
  [[nodiscard]] uint32_t size_max() const { return size_max_; }
  [[nodiscard]] double load_max() const {
    return static_cast<double>(size_max_) / (static_cast<double>(bucket_count_) * kPlaces);
  }
  [[nodiscard]] uint32_t probe_max() const { return probe_max_; }

  /// First stage of a burst.
  void prefetch(uint64_t hash) const { __builtin_prefetch(&buckets_[home(hash)]); }

  /// Second stage: the entry that probably belongs to `hash`, for prefetching it; kNoEntry when the
  /// first bucket has none. A hint: the key may differ, and the entry may be gone by the time it is
  /// used.
  [[nodiscard]] uint32_t candidate(uint64_t hash) const {
    const Bucket& bucket = buckets_[home(hash)];
    const uint32_t matches = matching_tags(bucket, tag_of(hash));
    return matches == 0 ? flowstats::kNoEntry : bucket.entry[std::countr_zero(matches)];
  }

  /// Third stage: the entry of `hash` for which has_key(entry) is true, or kNoEntry.
  template <class HasKey>
  [[nodiscard]] uint32_t find(uint64_t hash, HasKey has_key) const {
    const uint32_t tag = tag_of(hash);
    for (uint32_t b = home(hash);; b = next(b)) {
      const Bucket& bucket = buckets_[b];
      for (uint32_t matches = matching_tags(bucket, tag); matches != 0; matches &= matches - 1) {
        const uint32_t entry = bucket.entry[std::countr_zero(matches)];
        if (has_key(entry)) return entry;
      }
      if (bucket.passed == 0) return flowstats::kNoEntry;
    }
  }

  /// Precondition: size() < capacity(), neither the key nor `entry` is in the table.
  void insert(uint32_t entry, uint64_t hash) {
    TAPSTAT_ASSERT(size_ < capacity_);
    uint32_t probed = 1;
    uint32_t b = home(hash);
    uint32_t free = matching_tags(buckets_[b], kFreeTag);
    for (; free == 0; free = matching_tags(buckets_[b], kFreeTag), ++probed) {
      ++buckets_[b].passed;
      b = next(b);
    }
    const int place = std::countr_zero(free);
    buckets_[b].tag[place] = tag_of(hash);
    buckets_[b].entry[place] = entry;
    probe_max_ = std::max(probe_max_, probed);
    size_max_ = std::max(size_max_, ++size_);
  }

  /// Precondition: `entry` was inserted with `hash`.
  void erase(uint32_t entry, uint64_t hash) {
    const uint32_t tag = tag_of(hash);
    for (uint32_t b = home(hash);; b = next(b)) {
      Bucket& bucket = buckets_[b];
      if (const int place = place_of(bucket, tag, entry); place < kPlaces) {
        bucket.tag[place] = kFreeTag;
        --size_;
        return;
      }
      TAPSTAT_ASSERT(bucket.passed > 0);
      --bucket.passed;
    }
  }

  /// The flow of `entry` moves to entry `to`. Precondition: `entry` was inserted with `hash`.
  void replace(uint32_t entry, uint32_t to, uint64_t hash) {
    const uint32_t tag = tag_of(hash);
    for (uint32_t b = home(hash);; b = next(b)) {
      Bucket& bucket = buckets_[b];
      if (const int place = place_of(bucket, tag, entry); place < kPlaces) {
        bucket.entry[place] = to;
        return;
      }
      TAPSTAT_ASSERT(bucket.passed > 0);
    }
  }

 private:
  static constexpr int kPlaces = 7;
  static constexpr uint32_t kFreeTag = 0;

  struct alignas(64) Bucket {
    uint32_t tag[kPlaces] = {};
    uint32_t passed = 0;  // keys that live further on because this bucket was full
    uint32_t entry[kPlaces] = {};
    uint32_t unused = 0;
  };
  static_assert(sizeof(Bucket) == 64);

  static uint32_t bucket_count(uint32_t capacity) {
    return static_cast<uint32_t>(uint64_t{capacity} * 2 / kPlaces) + 1;
  }
  /// The low half of the hash scaled to the number of buckets: no division, any number of buckets.
  [[nodiscard]] uint32_t home(uint64_t hash) const {
    return static_cast<uint32_t>(((hash & 0xffffffff) * bucket_count_) >> 32);
  }
  [[nodiscard]] uint32_t next(uint32_t bucket) const {
    return bucket + 1 == bucket_count_ ? 0 : bucket + 1;
  }
  /// Within a bucket the top bits of the low half are alike, within a worker those of the high half
  /// (shard.h); 24 bits of the tag belong to neither.
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 24) | 1; }

  /// Bit i is set when tag i equals `tag`.
  static uint32_t matching_tags(const Bucket& bucket, uint32_t tag) {
    const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag));
    const auto* tags = reinterpret_cast<const __m128i*>(bucket.tag);
    const __m128i low = _mm_cmpeq_epi32(_mm_load_si128(tags), wanted);
    const __m128i high =
        _mm_cmpeq_epi32(_mm_load_si128(tags + 1), wanted);  // its last lane is `passed`
    const int bits =
        _mm_movemask_ps(_mm_castsi128_ps(low)) | (_mm_movemask_ps(_mm_castsi128_ps(high)) << 4);
    return static_cast<uint32_t>(bits) & ((1u << kPlaces) - 1);
  }
  /// kPlaces when the entry is not in this bucket.
  static int place_of(const Bucket& bucket, uint32_t tag, uint32_t entry) {
    for (uint32_t matches = matching_tags(bucket, tag); matches != 0; matches &= matches - 1)
      if (bucket.entry[std::countr_zero(matches)] == entry) return std::countr_zero(matches);
    return kPlaces;
  }

  flowstats::Arena<Bucket> buckets_;
  uint32_t bucket_count_;
  uint32_t capacity_;
  uint32_t size_ = 0, size_max_ = 0, probe_max_ = 0;
};

}  // namespace tapstat::dataplane
