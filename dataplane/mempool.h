/// The pool of packet buffers that a source fills and that workers give back.
///
/// Made by the control thread before the first packet. One thread takes buffers (the one that calls
/// PcapPort::receive); any lcore may free them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <rte_mbuf.h>

#include "flowstats/base/result.h"

namespace tapstat::dataplane {

inline constexpr uint16_t kBurstMax = 32;       // packets of one receive() at most
inline constexpr uint32_t kDataRoom = 2'176;    // bytes of a buffer, DPDK's headroom included
inline constexpr uint32_t kBuffersMin = 8'191;  // 2^n - 1 fills DPDK's ring without waste
inline constexpr uint32_t kBufferCache = 256;   // buffers kept near each lcore

/// Packet bytes that the first buffer of a chain holds; the pcap port fills the following ones from
/// their start of data as well.
inline constexpr uint32_t kFirstBufferBytes = kDataRoom - RTE_PKTMBUF_HEADROOM;

/// Buffers that a packet of `captured_length` bytes takes at most.
[[nodiscard]] constexpr uint32_t buffers_per_packet(uint32_t captured_length) {
  return captured_length <= kFirstBufferBytes
             ? 1
             : (captured_length + kFirstBufferBytes - 1) / kFirstBufferBytes;
}

class PacketPool {
 public:
  /// Room for at least a full burst of frames of `captured_length_max` bytes while every one of
  /// `lcores` keeps its cache full. `name` is unique in the process and at most 20 characters long.
  /// Errors: ExitStatus::environment with the size asked for.
  [[nodiscard]] static flowstats::Result<PacketPool> create(const std::string& name,
                                                            uint32_t captured_length_max,
                                                            unsigned lcores);
  /// The same for packets whose buffers (at most `buffers_per_packet` each) point to memory
  /// elsewhere: buffers without room for data.
  [[nodiscard]] static flowstats::Result<PacketPool> create_without_room(
      const std::string& name, uint32_t buffers_per_packet, unsigned lcores);
  /// At least `buffers`, each with room for kFirstBufferBytes, on memory node `node` if there is
  /// room (SOCKET_ID_ANY: on any).
  [[nodiscard]] static flowstats::Result<PacketPool> create_for_port(const std::string& name,
                                                                     uint32_t buffers, int node);
  [[nodiscard]] rte_mempool* get() const { return pool_.get(); }
  [[nodiscard]] uint32_t buffers() const { return pool_->size; }
  /// Memory of all buffers with their headers.
  [[nodiscard]] size_t bytes() const;

 private:
  [[nodiscard]] static flowstats::Result<PacketPool> make(const std::string& name, uint32_t buffers,
                                                          uint16_t data_room,
                                                          int node = SOCKET_ID_ANY);
  struct Free {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
  };
  std::unique_ptr<rte_mempool, Free> pool_;
};

}  // namespace tapstat::dataplane
