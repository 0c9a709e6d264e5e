/// Lock-free ring of records from one worker to the writer (rte_ring, single producer, single
/// consumer).
///
/// Records have different sizes, so the ring's elements are units of 64 bytes; a record lies in one
/// piece, and a filler takes the end of the memory where it would not. Records are written straight
/// into the ring and become visible in bulk. When the ring is full the policy of the source
/// decides: a replay waits until the writer has made room, a live port drops and counts. The ring
/// lives in ordinary memory and needs no EAL.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "flowstats/base/arena.h"
#include "flowstats/record_queue.h"
#include "flowstats/records.h"

struct rte_ring;

namespace tapstat::dataplane {

/// Records in a ring unless tapstat.toml says otherwise: a second of a stalled writer at 50,000
/// flows a second, with room to spare. A power of two.
inline constexpr uint32_t kRecordRingDefault = 65'536;

class RecordRing final : public flowstats::RecordSource {
 public:
  enum class WhenFull : uint8_t { wait, drop };

  /// Room for about `capacity` TCP flows without texts, and at least for four of the largest
  /// records.
  RecordRing(uint32_t capacity, WhenFull when_full);

  /// Worker. Space for a record, or nullptr when the ring is full and the policy is to drop.
  [[nodiscard]] void* reserve(uint32_t units);
  /// Worker. Makes everything reserved visible; no record up to `clock` will follow.
  void publish(flowstats::Timestamp clock);

  /// Writer.
  [[nodiscard]] size_t drain(flowstats::RecordBuffer& out,
                             flowstats::Timestamp names_until) override;
  [[nodiscard]] size_t drain_one(flowstats::RecordBuffer& out) override;
  [[nodiscard]] bool has_records() const override { return queued() != 0; }
  /// A quarter is what the largest record may need.
  [[nodiscard]] bool is_filling_up() const override { return queued() >= capacity() / 4 * 3; }
  [[nodiscard]] flowstats::Timestamp frontier() override;

  /// Any thread: how full the ring is, about; and how much fits. In TCP flows without texts.
  [[nodiscard]] uint32_t queued() const;
  [[nodiscard]] uint32_t capacity() const;

  [[nodiscard]] size_t bytes() const { return memory_.size(); }
  /// Worker. See PageBlock::touch().
  void touch() { memory_.touch(); }

 private:
  static constexpr uint32_t kBulk = 224;  // units reserved in the ring at once

  [[nodiscard]] bool acquire(uint32_t units);
  [[nodiscard]] size_t drain_up_to(size_t records, flowstats::RecordBuffer& out,
                                   flowstats::Timestamp names_until);
  void wait_for_room(uint32_t units);
  void commit();

  flowstats::PageBlock memory_;
  rte_ring* ring_;
  WhenFull when_full_;

  // The reserved stretch of the ring, in at most two parts; owned by the worker.
  std::byte* next_ = nullptr;  // free space of the first part that is left ...
  uint32_t left_ = 0;          // ... units of it
  std::byte* second_ = nullptr;
  uint32_t second_units_ = 0;
  uint32_t used_ = 0;  // units of the stretch that hold records or filler

  alignas(64) std::atomic<int64_t> clock_us_;
};
static_assert(flowstats::RecordSink<RecordRing>);

}  // namespace tapstat::dataplane
