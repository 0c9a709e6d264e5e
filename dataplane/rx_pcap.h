/// A capture file as a DPDK port: the source of a replay.
///
/// Made, rewound and closed by the control thread or the lcore that reads, never by both at a time;
/// receive() belongs to the one lcore that reads. DPDK's pcap port loses the packet at hand when
/// the pool is empty and does not say when the file ends, so both are taken care of here: no packet
/// is read without buffers for it, and the end is the number of packets that open_capture()
/// counted.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "dataplane/capture_file.h"
#include "dataplane/mempool.h"
#include "flowstats/base/result.h"
#include "flowstats/base/units.h"

namespace tapstat::dataplane {

/// Where the port leaves the time of a packet in an mbuf.
class PacketTimeField {
 public:
  /// After start_eal(). Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<PacketTimeField> find();
  [[nodiscard]] flowstats::Timestamp read(const rte_mbuf* packet) const {
    return {static_cast<int64_t>(*RTE_MBUF_DYNFIELD(packet, offset_, const rte_mbuf_timestamp_t*))};
  }

 private:
  explicit PacketTimeField(int offset) : offset_(offset) {}
  int offset_;
};

/// Bytes of a packet that lie in its first buffer.
[[nodiscard]] inline flowstats::ByteRange first_buffer(const rte_mbuf* packet) {
  return {rte_pktmbuf_mtod(packet, const uint8_t*), packet->data_len};
}

class PcapPort {
 public:
  /// Opens a port with one queue on `capture`, which stays open as long as the port. `number` tells
  /// the ports of a process apart. Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<PcapPort> open(const CaptureFile& capture,
                                                        const PacketPool& pool, unsigned number);
  PcapPort(PcapPort&& other) noexcept { swap(other); }
  PcapPort& operator=(PcapPort&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PcapPort();

  /// Fills at most `count` (up to kBurstMax) entries of `packets` and returns how many. Less than
  /// asked, down to 0, when the pool is short or nothing remains; the caller frees the packets.
  [[nodiscard]] uint16_t receive(rte_mbuf** packets, uint16_t count);

  /// Packets still to come in this round; 0 at the end.
  [[nodiscard]] uint64_t remaining() const { return remaining_; }
  /// The file gave fewer packets than open_capture() counted: it has changed since. remaining() is
  /// then 0.
  [[nodiscard]] bool ended_early() const { return ended_early_; }

  /// Starts again at the first packet. Errors: ExitStatus::input_unreadable.
  [[nodiscard]] flowstats::Result<void> rewind();

 private:
  PcapPort() = default;
  void swap(PcapPort& other) noexcept;
  [[nodiscard]] flowstats::Result<void> start();

  std::string device_;  // "net_pcapN"; empty: no port
  uint16_t port_ = 0;
  rte_mempool* pool_ = nullptr;
  uint32_t buffers_per_packet_ = 1;
  uint32_t buffers_free_ = 0;  // known to be free; other lcores only add to them
  uint64_t packets_ = 0, remaining_ = 0;
  bool ended_early_ = false;
};

}  // namespace tapstat::dataplane
