#include "dataplane/kernel_queue.h"

#include <linux/if_ether.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <rte_byteorder.h>
#include <rte_prefetch.h>

#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::Duration;
using flowstats::Timestamp;

namespace {

constexpr uint32_t kAddressesLength = 2 * ETH_ALEN;  // before an Ethernet frame's tag
constexpr uint16_t kTagLength = 4;

Timestamp stamp_of(const tpacket3_hdr& frame) {
  return {int64_t{frame.tp_sec} * 1'000'000 + frame.tp_nsec / 1'000};
}

/// The network stack takes the outer tag out of a frame and passes it beside: back it goes, to
/// where it was on the wire (IEEE 802.1Q). `packet` has headroom.
void insert_tag(rte_mbuf* packet, const tpacket3_hdr& frame) {
  const bool has_type = (frame.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
  const uint16_t tag[2] = {rte_cpu_to_be_16(has_type ? frame.hv1.tp_vlan_tpid : ETH_P_8021Q),
                           rte_cpu_to_be_16(static_cast<uint16_t>(frame.hv1.tp_vlan_tci))};
  static_assert(sizeof tag == kTagLength);
  auto* const start = reinterpret_cast<uint8_t*>(rte_pktmbuf_prepend(packet, kTagLength));
  TAPSTAT_ASSERT(start != nullptr);
  std::memmove(start, start + kTagLength, kAddressesLength);
  std::memcpy(start + kAddressesLength, tag, kTagLength);
}

}  // namespace

KernelQueue::KernelQueue(PacketSocket socket, LinkType link_type, const PacketPool& pool,
                         const PacketClock& clock)
    : socket_(std::move(socket)), link_type_(link_type), pool_(pool.get()), times_(clock) {}

KernelQueue::~KernelQueue() { rte_pktmbuf_free_bulk(fresh_.data(), fresh_count_); }

tpacket_hdr_v1& KernelQueue::block_header() const {
  return reinterpret_cast<tpacket_block_desc*>(socket_.block(block_))->hdr.bh1;
}

/// False when the kernel has none for us.
bool KernelQueue::find_frame() {
  if (frames_left_ > 0) return true;
  tpacket_hdr_v1& header = block_header();
  const std::atomic_ref<uint32_t> status(header.block_status);
  if ((status.load(std::memory_order_acquire) & TP_STATUS_USER) == 0) return false;
  frames_left_ = header.num_pkts;
  frame_ =
      reinterpret_cast<const tpacket3_hdr*>(socket_.block(block_) + header.offset_to_first_pkt);
  if (frames_left_ > 0) return true;
  pass_frame();  // a block that was closed without frames
  return false;
}

/// The frame at hand, if there is one, has been taken; behind the last one the block goes back.
void KernelQueue::pass_frame() {
  if (frames_left_ > 1) {
    --frames_left_;
    frame_ = reinterpret_cast<const tpacket3_hdr*>(reinterpret_cast<const uint8_t*>(frame_) +
                                                   frame_->tp_next_offset);
    rte_prefetch0(frame_);
    return;
  }
  frames_left_ = 0;
  const std::atomic_ref<uint32_t> status(block_header().block_status);
  status.store(TP_STATUS_KERNEL, std::memory_order_release);
  block_ = (block_ + 1) % kRingBlocks;
}

/// nullptr: the pool is empty.
rte_mbuf* KernelQueue::fresh_buffer() {
  if (fresh_count_ == 0) {
    if (rte_pktmbuf_alloc_bulk(pool_, fresh_.data(), kBurstMax) != 0) return nullptr;
    fresh_count_ = kBurstMax;
  }
  return fresh_[--fresh_count_];
}

/// nullptr: there are not enough buffers.
rte_mbuf* KernelQueue::copy(const tpacket3_hdr& frame) {
  const auto* from = reinterpret_cast<const uint8_t*>(&frame) + frame.tp_mac;
  rte_mbuf* const packet = fresh_buffer();
  if (packet == nullptr) return nullptr;
  rte_mbuf* last = packet;
  for (uint32_t left = frame.tp_snaplen;;) {
    const uint16_t take = static_cast<uint16_t>(std::min(left, kFirstBufferBytes));
    std::memcpy(rte_pktmbuf_mtod(last, uint8_t*), from, take);
    last->data_len = take;
    packet->pkt_len += take;
    from += take;
    left -= take;
    if (left == 0) break;
    rte_mbuf* const following = fresh_buffer();
    if (following == nullptr) {
      rte_pktmbuf_free(packet);
      return nullptr;
    }
    last = last->next = following;
    ++packet->nb_segs;
  }
  if ((frame.tp_status & TP_STATUS_VLAN_VALID) != 0 && packet->data_len >= kAddressesLength)
    insert_tag(packet, frame);
  return packet;
}

uint16_t KernelQueue::receive(rte_mbuf** packets, Timestamp* times, uint16_t count, Timestamp now) {
  TAPSTAT_ASSERT(count <= kBurstMax);
  uint16_t n = 0;
  while (n < count && !is_cut_off_ && find_frame()) {
    rte_mbuf* const packet = copy(*frame_);
    if (packet == nullptr) break;
    times[n] = times_.time_of(stamp_of(*frame_), now);
    packets[n++] = packet;
    pass_frame();
  }
  if (n == 0) return 0;
  received_.store(received() + n, std::memory_order_relaxed);
  if (quiet_since_ != flowstats::kNever) quiet_since_ = now;
  return n;
}

Timestamp KernelQueue::silent_until(Timestamp now) const {
  if (frames_left_ > 0) return times_.latest();  // they wait for buffers
  return now + Duration{-kBlockLateMax.us};
}

void KernelQueue::refuse_more(Timestamp now) {
  is_cut_off_ = !socket_.refuse();
  quiet_since_ = now;
}

/// When the block that was being filled must have come.
bool KernelQueue::is_drained(Timestamp now) {
  const bool is_over = is_cut_off_ || (frames_left_ == 0 && (now - quiet_since_) >= kBlockLateMax);
  if (is_over) is_closed_.store(true, std::memory_order_release);
  return is_over;
}

}  // namespace tapstat::dataplane
