#include "dataplane/lent_memory.h"

#include "flowstats/base/check.h"

namespace tapstat::dataplane {

namespace {

void clear_flag(void* /*address*/, void* is_out) {
  static_cast<std::atomic<bool>*>(is_out)->store(false, std::memory_order_release);
}

}  // namespace

LentMemory::LentMemory(size_t bytes)
    : block_(bytes),
      size_(bytes),
      stripes_count_(bytes / kStripeBytes + 1),  // one more: an empty packet may stand at the end
      stripes_(std::make_unique<Stripe[]>(stripes_count_)) {
  for (size_t i = 0; i < stripes_count_; ++i) {
    stripes_[i].shared.free_cb = clear_flag;
    stripes_[i].shared.fcb_opaque = &stripes_[i].is_out;
  }
}

LentMemory::~LentMemory() {
  close();
  TAPSTAT_ASSERT(all_back());
}

void LentMemory::open(size_t stripe) {
  close();
  Stripe& s = stripes_[stripe];
  TAPSTAT_ASSERT(!s.is_out.load(std::memory_order_acquire));
  s.is_out.store(true, std::memory_order_relaxed);
  rte_mbuf_ext_refcnt_set(&s.shared, kOpen);
  open_stripe_ = stripe;
  lent_ = 0;
}

void LentMemory::lend(rte_mbuf* buffer, const uint8_t* at, uint16_t length) {
  const size_t stripe = stripe_of(at);
  if (stripe != open_stripe_) open(stripe);
  ++lent_;
  TAPSTAT_ASSERT(lent_ < kOpen);
  // No device reads the memory: it needs no address for one.
  rte_pktmbuf_attach_extbuf(buffer, const_cast<uint8_t*>(at), RTE_BAD_IOVA, length,
                            &stripes_[stripe].shared);
  buffer->data_len = length;
}

void LentMemory::close() {
  if (open_stripe_ == kNone) return;
  Stripe& s = stripes_[open_stripe_];
  open_stripe_ = kNone;
  const auto never_lent = static_cast<int16_t>(lent_ - kOpen);
  if (rte_mbuf_ext_refcnt_update(&s.shared, never_lent) == 0)
    s.is_out.store(false, std::memory_order_release);
}

bool LentMemory::all_back() const {
  TAPSTAT_ASSERT(open_stripe_ == kNone);
  for (size_t i = 0; i < stripes_count_; ++i)
    if (stripes_[i].is_out.load(std::memory_order_acquire)) return false;
  return true;
}

}  // namespace tapstat::dataplane
