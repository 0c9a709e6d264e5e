#include "dataplane/record_ring.h"

#include <algorithm>
#include <cstring>

#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>

#include "dataplane/idle.h"
#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::TcpRecord;

namespace {
constexpr unsigned kRecordBytes = sizeof(TcpRecord);
/// How long the worker sleeps when the writer was offered the CPU in vain: short beside the time in
/// which it empties a full ring, long beside the cost of waking up.
constexpr flowstats::Duration kNap{500};

/// The ring is larger than the caches, so every record is in memory again when its turn comes: the
/// lines of the next one are asked for while this one is filled.
void prefetch(const TcpRecord& record) {
  const char* const begin = reinterpret_cast<const char*>(&record);
  for (unsigned offset = 0; offset < kRecordBytes; offset += RTE_CACHE_LINE_SIZE)
    __builtin_prefetch(begin + offset, 1);
}
}  // namespace

RecordRing::RecordRing(uint32_t capacity, WhenFull when_full)
    : memory_(static_cast<size_t>(rte_ring_get_memsize_elem(kRecordBytes, capacity))),
      ring_(static_cast<rte_ring*>(memory_.data())),
      when_full_(when_full) {
  const int status = rte_ring_init(ring_, "records", capacity, RING_F_SP_ENQ | RING_F_SC_DEQ);
  TAPSTAT_ASSERT(status == 0);
}

bool RecordRing::acquire() {
  rte_ring_zc_data space{};
  reserved_ = rte_ring_enqueue_zc_burst_elem_start(ring_, kRecordBytes, kBulk, &space, nullptr);
  if (reserved_ == 0) return false;
  part_[0] = static_cast<TcpRecord*>(space.ptr1);
  part_size_[0] = space.n1;
  part_[1] = static_cast<TcpRecord*>(space.ptr2);
  part_size_[1] = reserved_ - space.n1;
  used_ = 0;
  return true;
}

TcpRecord* RecordRing::reserve() {
  if (used_ == reserved_) {
    publish();
    if (!acquire()) {
      if (when_full_ == WhenFull::drop) return nullptr;
      wait_for_room();
    }
  }
  const uint32_t i = used_++;
  if (used_ < reserved_) prefetch(*place(used_));
  return place(i);
}

/// The writer may be waiting for this very CPU, or for a disk for seconds.
void RecordRing::wait_for_room() {
  Idle idle(kNap);
  while (!acquire()) idle.rest();
}

void RecordRing::publish() {
  if (reserved_ == 0) return;
  rte_ring_enqueue_zc_elem_finish(ring_, used_);
  reserved_ = used_ = 0;
}

/// rte_ring_count() with atomic reads: neither side knows that somebody is asking.
uint32_t RecordRing::queued() const {
  const uint32_t taken = __atomic_load_n(&ring_->cons.tail, __ATOMIC_RELAXED);
  const uint32_t made = __atomic_load_n(&ring_->prod.tail, __ATOMIC_RELAXED);
  return std::min(made - taken, ring_->capacity);
}
uint32_t RecordRing::capacity() const { return rte_ring_get_capacity(ring_); }

size_t RecordRing::drain(std::span<TcpRecord> out) {
  return rte_ring_dequeue_burst_elem(ring_, out.data(), kRecordBytes,
                                     static_cast<unsigned>(out.size()), nullptr);
}

}  // namespace tapstat::dataplane
