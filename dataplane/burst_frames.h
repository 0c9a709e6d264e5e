/// The first loops over a burst: asks for the buffers' headers and first data lines ahead of their
/// use, and notes where the bytes are.
///
/// A cache line that comes from memory takes as long as all the work on a packet; requested for the
/// whole burst first, the waits overlap. Any thread that owns the burst.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/burst.h"
#include "dataplane/parse_burst.h"

namespace tapstat::dataplane {

/// A packet's flow hash travels in the field for the network card's hash, which is in the line of
/// the buffer's header that everybody reads. All eight bytes of it; the dispatcher writes them.
inline void set_flow_hash(rte_mbuf* packet, uint64_t hash) {
  static_assert(sizeof packet->hash == sizeof hash);
  std::memcpy(&packet->hash, &hash, sizeof hash);
}
[[nodiscard]] inline uint64_t flow_hash(const rte_mbuf* packet) {
  uint64_t hash;
  std::memcpy(&hash, &packet->hash, sizeof hash);
  return hash;
}

/// Where the packets of the burst at hand are. Reused for every burst, so never cleared.
class BurstFrames {
 public:
  /// Two loops: headers of the buffers, then their data. Returns the captured bytes of all packets.
  uint64_t locate(const Burst& burst) {
    for (uint16_t i = 0; i < burst.count; ++i) rte_prefetch0(burst.packets[i]);
    uint64_t bytes = 0;
    for (uint16_t i = 0; i < burst.count; ++i) {
      const rte_mbuf* const packet = burst.packets[i];
      const auto* const data = rte_pktmbuf_mtod(packet, const uint8_t*);
      rte_prefetch0(data);
      frames_[i] = {data, packet->data_len, packet->pkt_len};
      bytes += packet->pkt_len;
      if (burst.has_hashes) hashes_[i] = flow_hash(packet);
    }
    return bytes;
  }

  /// The located burst for the parser; valid as long as both are unchanged.
  [[nodiscard]] FrameBurst of(const Burst& burst) const {
    return {{frames_.data(), burst.count},
            burst.times.data(),
            burst.clocks.data(),
            burst.has_hashes ? hashes_.data() : nullptr};
  }

 private:
  std::array<Frame, kBurst> frames_;
  std::array<uint64_t, kBurst> hashes_;
};

}  // namespace tapstat::dataplane
