#include "dataplane/packet_handoff.h"

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "dataplane/idle.h"

namespace tapstat::dataplane {

namespace {
constexpr unsigned kElementBytes = sizeof(HandedPacket);
}

PacketHandoff::PacketHandoff(uint32_t capacity)
    : memory_(static_cast<size_t>(rte_ring_get_memsize_elem(kElementBytes, capacity))),
      ring_(static_cast<rte_ring*>(memory_.data())) {
  const int status = rte_ring_init(ring_, "packets", capacity, RING_F_SP_ENQ | RING_F_SC_DEQ);
  TAPSTAT_ASSERT(status == 0);
}

void PacketHandoff::push(std::span<const HandedPacket> packets) {
  Idle idle;
  while (!packets.empty()) {
    const unsigned count = rte_ring_enqueue_burst_elem(
        ring_, packets.data(), kElementBytes, static_cast<unsigned>(packets.size()), nullptr);
    packets = packets.subspan(count);
    if (!packets.empty()) idle.rest();  // the worker may be waiting for this very CPU
  }
}

size_t PacketHandoff::pop(std::span<HandedPacket> out) {
  return rte_ring_dequeue_burst_elem(ring_, out.data(), kElementBytes,
                                     static_cast<unsigned>(out.size()), nullptr);
}

}  // namespace tapstat::dataplane
