/// A capture file as a DPDK port: what a replay reads unless told otherwise.
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

#include "dataplane/capture_file.h"
#include "dataplane/mempool.h"
#include "dataplane/packet_reader.h"
#include "flowstats/base/result.h"

namespace tapstat::dataplane {

class PcapPort final : public PacketReader {
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
  ~PcapPort() override;

  [[nodiscard]] uint16_t receive(rte_mbuf** packets, uint16_t count) override;
  [[nodiscard]] uint64_t remaining() const override { return remaining_; }
  [[nodiscard]] bool ended_early() const override { return ended_early_; }
  [[nodiscard]] flowstats::Result<void> rewind() override;

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
