/// Lock-free ring of copied packets from one worker to the trace writer (single producer, single
/// consumer).
///
/// Slots have different sizes and lie in one piece each; a filler takes the end of the memory where
/// a slot would not fit. Positions count bytes since the start and never wrap. When the ring is
/// full the policy of the source decides, as for records: a replay waits, a live port drops and
/// counts. Ordinary memory, no EAL.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/record_ring.h"
#include "flowstats/base/arena.h"
#include "flowstats/trace_queue.h"

namespace tapstat::dataplane {

inline constexpr size_t kPacketRingDefault = size_t{64} << 20;  // bytes
/// Holds a few of the largest frames.
inline constexpr size_t kPacketRingMin = size_t{1} << 20;

class PacketRing final : public flowstats::TraceSource {
 public:
  using WhenFull = RecordRing::WhenFull;

  /// `bytes`: rounded up to a power of two, at least kPacketRingMin.
  PacketRing(size_t bytes, WhenFull when_full);

  /// Worker. A slot with room for `head` and `body` bytes, of which `bytes` is set; nullptr when
  /// the ring is full and the policy is to drop. At most a quarter of the ring.
  [[nodiscard]] flowstats::TraceSlot* reserve(size_t head, size_t body);
  /// Worker. Makes everything reserved visible; nothing up to `clock` will follow.
  void publish(flowstats::Timestamp clock);

  /// Trace writer.
  [[nodiscard]] const flowstats::TraceSlot* front() override;
  void pop() override;
  [[nodiscard]] bool is_filling() const override;
  [[nodiscard]] flowstats::Timestamp frontier() const override;

  [[nodiscard]] size_t bytes() const { return memory_.size(); }
  /// Worker. See PageBlock::touch().
  void touch() { memory_.touch(); }

 private:
  [[nodiscard]] bool has_room(uint64_t bytes);
  void wait_for_room(uint64_t bytes);
  [[nodiscard]] flowstats::TraceSlot* at(uint64_t position) const;

  flowstats::PageBlock memory_;
  uint64_t mask_;  // of positions in the memory
  WhenFull when_full_;

  // The worker's.
  uint64_t reserved_ = 0;    // up to here slots are filled
  uint64_t taken_seen_ = 0;  // of taken_, when it was last looked at
  alignas(64) std::atomic<uint64_t> made_ = 0;
  std::atomic<int64_t> clock_us_ = flowstats::kNever.us;

  // The trace writer's.
  alignas(64) std::atomic<uint64_t> taken_ = 0;
  uint64_t made_seen_ = 0;
};

}  // namespace tapstat::dataplane
