/// Memory that packet buffers point into instead of holding a copy, and who still does.
///
/// DPDK counts the buffers through the shared information of external memory. One count for all of
/// it would make every worker write the same line for every packet and has 16 bits only, so the
/// memory is divided into stripes of kStripeBytes, each with a count of its own. While packets of a
/// stripe are being handed out its count stands high (kOpen), so that handing out costs no atomic
/// operation; giving back costs one, in DPDK. lend() and close() belong to the reading lcore;
/// packets are freed by any lcore. A stripe may be lent again, or overwritten, when it is back.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <rte_mbuf.h>

#include "flowstats/base/arena.h"

namespace tapstat::dataplane {

class LentMemory {
 public:
  static constexpr size_t kStripeBytes = size_t{16} << 10;

  explicit LentMemory(size_t bytes);
  /// Everything must be back: the buffers would point into nothing.
  ~LentMemory();
  LentMemory(const LentMemory&) = delete;
  LentMemory& operator=(const LentMemory&) = delete;

  [[nodiscard]] uint8_t* data() const { return static_cast<uint8_t*>(block_.data()); }
  [[nodiscard]] size_t size() const { return size_; }
  /// With its counts.
  [[nodiscard]] size_t bytes() const { return block_.size() + stripes_count_ * sizeof(Stripe); }

  /// Makes the fresh `buffer` show `length` bytes from `at`, as its whole data. Places ascend until
  /// close(), and the stripe of `at` is open or back.
  void lend(rte_mbuf* buffer, const uint8_t* at, uint16_t length);
  /// No more is lent for now: what is out can come back completely.
  void close();
  /// After close(): nothing is out.
  [[nodiscard]] bool all_back() const;

 private:
  /// Far more than the packets that begin in a stripe, and half of what DPDK can count.
  static constexpr uint16_t kOpen = 0x8000;
  static constexpr size_t kNone = ~size_t{0};

  struct alignas(64) Stripe {
    rte_mbuf_ext_shared_info shared{};
    std::atomic<bool> is_out = false;  // set by lend(), cleared by whoever gives the last one back
  };
  [[nodiscard]] size_t stripe_of(const uint8_t* at) const {
    return static_cast<size_t>(at - data()) / kStripeBytes;
  }
  void open(size_t stripe);

  flowstats::PageBlock block_;
  size_t size_;
  size_t stripes_count_;
  std::unique_ptr<Stripe[]> stripes_;
  size_t open_stripe_ = kNone;
  uint16_t lent_ = 0;  // of the open stripe
};

}  // namespace tapstat::dataplane
