/// Lock-free ring of finished flow records from one worker to the writer (rte_ring, single
/// producer, single consumer).
///
/// Records are written straight into the ring's memory and become visible in bulk. When the ring is
/// full the policy of the source decides: a replay waits until the writer has made room, a live
/// port drops and counts. The ring lives in ordinary memory and needs no EAL.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "flowstats/base/arena.h"
#include "flowstats/flow_record.h"
#include "flowstats/record_queue.h"

struct rte_ring;

namespace tapstat::dataplane {

/// Records in a ring unless tapstat.toml says otherwise: a second of a stalled writer at 50,000
/// flows a second, with room to spare. A power of two.
inline constexpr uint32_t kRecordRingDefault = 65'536;

class RecordRing final : public flowstats::RecordSource {
 public:
  enum class WhenFull : uint8_t { wait, drop };

  /// `capacity`: records, a power of two.
  RecordRing(uint32_t capacity, WhenFull when_full);

  /// Worker. Space for one record, or nullptr when the ring is full and the policy is to drop.
  [[nodiscard]] flowstats::TcpRecord* reserve();
  /// Worker. Makes everything reserved visible.
  void publish();

  /// Writer.
  [[nodiscard]] size_t drain(std::span<flowstats::TcpRecord> out) override;

  /// Any thread: records that wait for the writer, about; and how many fit.
  [[nodiscard]] uint32_t queued() const;
  [[nodiscard]] uint32_t capacity() const;

  [[nodiscard]] size_t bytes() const { return memory_.size(); }
  /// Worker. See PageBlock::touch().
  void touch() { memory_.touch(); }

 private:
  static constexpr uint32_t kBulk = 16;  // records reserved in the ring at once

  [[nodiscard]] bool acquire();
  void wait_for_room();
  [[nodiscard]] flowstats::TcpRecord* place(uint32_t reserved) const {
    return reserved < part_size_[0] ? part_[0] + reserved : part_[1] + (reserved - part_size_[0]);
  }

  flowstats::PageBlock memory_;
  rte_ring* ring_;
  WhenFull when_full_;
  // The reserved stretch of the ring, in at most two parts; owned by the worker.
  flowstats::TcpRecord* part_[2] = {};
  uint32_t part_size_[2] = {};
  uint32_t reserved_ = 0;
  uint32_t used_ = 0;
};
static_assert(flowstats::RecordSink<RecordRing>);

}  // namespace tapstat::dataplane
