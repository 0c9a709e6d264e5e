#include "dataplane/record_ring.h"

#include <algorithm>
#include <limits>
#include <new>

#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>

#include "dataplane/idle.h"
#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::kRecordUnit;
using flowstats::RecordHead;
using flowstats::RecordKind;
using flowstats::Timestamp;

namespace {

constexpr unsigned kUnitBytes = kRecordUnit;
constexpr uint32_t kFlowUnits = flowstats::record_units(sizeof(flowstats::TcpRecord));
constexpr uint32_t kLargestUnits = flowstats::record_units(flowstats::kRecordBytesMax);
/// How long the worker sleeps when the writer was offered the CPU in vain: short beside the time in
/// which it empties a full ring, long beside the cost of waking up.
constexpr flowstats::Duration kFullRecordRingNap{500};

constexpr uint32_t units_for(uint32_t records) {
  return std::max(records * kFlowUnits, 4 * kLargestUnits);
}

/// The ring is larger than the caches, so every record is in memory again when its turn comes: the
/// lines of the next one are asked for while this one is filled.
void prefetch(const std::byte* next, uint32_t units) {
  for (uint32_t i = 0; i < std::min(units, kFlowUnits); ++i)
    __builtin_prefetch(next + i * kUnitBytes, 1);
}

}  // namespace

RecordRing::RecordRing(uint32_t capacity, WhenFull when_full)
    : memory_(static_cast<size_t>(
          rte_ring_get_memsize_elem(kUnitBytes, rte_align32pow2(units_for(capacity) + 1)))),
      ring_(static_cast<rte_ring*>(memory_.data())),
      when_full_(when_full),
      clock_us_(flowstats::kNever.us) {
  const int status = rte_ring_init(ring_, "records", units_for(capacity),
                                   RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
  TAPSTAT_ASSERT(status == 0);
}

/// A stretch that holds `units` in one piece, behind a filler if need be.
bool RecordRing::acquire(uint32_t units) {
  rte_ring_zc_data space{};
  const uint32_t wanted = std::max(kBulk, 2 * units);
  const uint32_t got =
      rte_ring_enqueue_zc_burst_elem_start(ring_, kUnitBytes, wanted, &space, nullptr);
  if (got == 0) return false;
  const uint32_t first = std::min(space.n1, got), second = got - first;
  if (first < units && second < units) {
    rte_ring_enqueue_zc_elem_finish(ring_, 0);
    return false;
  }
  next_ = static_cast<std::byte*>(space.ptr1);
  left_ = first;
  second_ = static_cast<std::byte*>(space.ptr2);
  second_units_ = second;
  used_ = 0;
  return true;
}

void* RecordRing::reserve(uint32_t units) {
  if (left_ < units && second_units_ < units) {
    commit();
    if (!acquire(units)) {
      if (when_full_ == WhenFull::drop) return nullptr;
      wait_for_room(units);
    }
  }
  if (left_ < units) {
    if (left_ > 0) {
      auto* filler = new (next_) RecordHead{};
      filler->units = left_;
      used_ += left_;
    }
    next_ = second_;
    left_ = second_units_;
    second_units_ = 0;
  }
  void* const place = next_;
  next_ += size_t{units} * kRecordUnit;
  left_ -= units;
  used_ += units;
  prefetch(next_, left_);
  return place;
}

/// The writer may be waiting for this very CPU, or for a disk for seconds.
void RecordRing::wait_for_room(uint32_t units) {
  Idle idle(kFullRecordRingNap);
  while (!acquire(units)) idle.rest();
}

void RecordRing::commit() {
  if (left_ == 0 && second_units_ == 0 && used_ == 0) return;
  rte_ring_enqueue_zc_elem_finish(ring_, used_);
  left_ = second_units_ = used_ = 0;
}

void RecordRing::publish(Timestamp clock) {
  commit();
  clock_us_.store(clock.us, std::memory_order_release);
}

/// rte_ring_count() with atomic reads: neither side knows that somebody is asking.
uint32_t RecordRing::queued() const {
  const uint32_t taken = __atomic_load_n(&ring_->cons.tail, __ATOMIC_RELAXED);
  const uint32_t made = __atomic_load_n(&ring_->prod.tail, __ATOMIC_RELAXED);
  return (std::min(made - taken, ring_->capacity) + kFlowUnits - 1) / kFlowUnits;
}
uint32_t RecordRing::capacity() const { return rte_ring_get_capacity(ring_) / kFlowUnits; }

size_t RecordRing::drain(flowstats::RecordBuffer& out, Timestamp names_until) {
  return drain_up_to(std::numeric_limits<size_t>::max(), out, names_until);
}
size_t RecordRing::drain_one(flowstats::RecordBuffer& out) {
  return drain_up_to(1, out, flowstats::kAlways);
}

size_t RecordRing::drain_up_to(size_t records_max, flowstats::RecordBuffer& out,
                               Timestamp names_until) {
  rte_ring_zc_data stored{};
  const uint32_t there =
      rte_ring_dequeue_zc_burst_elem_start(ring_, kUnitBytes, ring_->capacity, &stored, nullptr);
  if (there == 0) return 0;
  size_t records = 0;
  uint32_t taken = 0;
  while (taken < there && records < records_max) {
    const auto* base = static_cast<const std::byte*>(taken < stored.n1 ? stored.ptr1 : stored.ptr2);
    const uint32_t offset = taken < stored.n1 ? taken : taken - stored.n1;
    const auto& record = *reinterpret_cast<const RecordHead*>(base + size_t{offset} * kRecordUnit);
    if (record.kind != RecordKind::filler) {
      if (!out.has_room(record.units) || flowstats::name_time(record) > names_until) break;
      out.append(record);
      ++records;
    }
    taken += record.units;
  }
  rte_ring_dequeue_zc_elem_finish(ring_, taken);
  return records;
}

/// The clock is read first: records that come later were made later.
Timestamp RecordRing::frontier() {
  const Timestamp clock{clock_us_.load(std::memory_order_acquire)};
  rte_ring_zc_data stored{};
  const uint32_t there =
      rte_ring_dequeue_zc_burst_elem_start(ring_, kUnitBytes, ring_->capacity, &stored, nullptr);
  if (there == 0) return clock;
  Timestamp next = clock;
  uint32_t filler = 0;
  const auto* record = static_cast<const RecordHead*>(stored.ptr1);
  if (record->kind == RecordKind::filler) {
    filler = record->units;
    record = filler < there ? static_cast<const RecordHead*>(stored.ptr2) : nullptr;
  }
  if (record != nullptr) next = record->closed;
  rte_ring_dequeue_zc_elem_finish(ring_, filler);
  return next;
}

}  // namespace tapstat::dataplane
