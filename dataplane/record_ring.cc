#include "dataplane/record_ring.h"

#include <sched.h>

#include <cstring>

#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>

#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::TcpRecord;

namespace {
constexpr unsigned kRecordBytes = sizeof(TcpRecord);
}

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
    while (!acquire()) {
      if (when_full_ == WhenFull::drop) return nullptr;
      sched_yield();  // the writer may be waiting for this very CPU
    }
  }
  const uint32_t i = used_++;
  return i < part_size_[0] ? part_[0] + i : part_[1] + (i - part_size_[0]);
}

void RecordRing::publish() {
  if (reserved_ == 0) return;
  rte_ring_enqueue_zc_elem_finish(ring_, used_);
  reserved_ = used_ = 0;
}

size_t RecordRing::drain(std::span<TcpRecord> out) {
  return rte_ring_dequeue_burst_elem(ring_, out.data(), kRecordBytes,
                                     static_cast<unsigned>(out.size()), nullptr);
}

}  // namespace tapstat::dataplane
