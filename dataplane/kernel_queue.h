/// The receiving end of a packet socket: frames of its ring as DPDK buffers.
///
/// Frames are copied, so that a block goes back to the kernel at once, whoever holds the packets.
/// While there is no buffer they stay in the ring, which may then overflow: the kernel counts that.
/// No system call while packets come. Which thread calls what: port_queue.h.
#pragma once

#include <linux/if_packet.h>

#include <array>
#include <atomic>

#include "dataplane/mempool.h"
#include "dataplane/packet_clock.h"
#include "dataplane/packet_socket.h"
#include "dataplane/port_queue.h"
#include "dataplane/stamp_times.h"

namespace tapstat::dataplane {

class KernelQueue final : public PortQueue {
 public:
  /// `pool` and `clock` outlive the queue.
  KernelQueue(PacketSocket socket, LinkType link_type, const PacketPool& pool,
              const PacketClock& clock);
  ~KernelQueue() override;

  [[nodiscard]] uint16_t receive(rte_mbuf** packets, flowstats::Timestamp* times, uint16_t count,
                                 flowstats::Timestamp now) override;
  [[nodiscard]] flowstats::Timestamp silent_until(flowstats::Timestamp now) const override;
  void hold() override { static_cast<void>(socket_.refuse()); }
  void begin() override { static_cast<void>(socket_.accept(snap_bytes_)); }
  void refuse_more(flowstats::Timestamp now) override;
  [[nodiscard]] bool is_drained(flowstats::Timestamp now) override;
  [[nodiscard]] LinkType link_type() const override { return link_type_; }
  [[nodiscard]] bool may_nap() const override { return true; }
  [[nodiscard]] size_t bytes() const override { return kRingBytes; }

  /// Control thread: takes frames, the first `snap_bytes` of each. False: the kernel refuses.
  [[nodiscard]] bool accept(uint32_t snap_bytes) {
    snap_bytes_ = snap_bytes;
    return socket_.accept(snap_bytes);
  }
  [[nodiscard]] PacketSocket& socket() { return socket_; }
  /// Any thread: given out by receive() so far; and whether that was all.
  [[nodiscard]] uint64_t received() const { return received_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_closed() const { return is_closed_.load(std::memory_order_acquire); }

 private:
  [[nodiscard]] bool find_frame();
  [[nodiscard]] rte_mbuf* fresh_buffer();
  [[nodiscard]] rte_mbuf* copy(const tpacket3_hdr& frame);
  void pass_frame();
  [[nodiscard]] tpacket_hdr_v1& block_header() const;

  PacketSocket socket_;
  uint32_t snap_bytes_ = 0;
  LinkType link_type_;
  rte_mempool* pool_;
  StampTimes times_;

  uint32_t block_ = 0;                   // that is ours, or will be next
  uint32_t frames_left_ = 0;             // in it, `frame_` included; 0: it is the kernel's
  const tpacket3_hdr* frame_ = nullptr;  // the next one

  std::array<rte_mbuf*, kBurstMax> fresh_{};
  uint16_t fresh_count_ = 0;

  flowstats::Timestamp quiet_since_ = flowstats::kNever;  // after refuse_more()
  bool is_cut_off_ = false;  // the kernel goes on: what it brings is left, and counted as missed
  std::atomic<uint64_t> received_ = 0;
  std::atomic<bool> is_closed_ = false;
};

}  // namespace tapstat::dataplane
