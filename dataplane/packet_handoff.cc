#include "dataplane/packet_handoff.h"

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "dataplane/idle.h"

namespace tapstat::dataplane {

namespace {
constexpr unsigned kElementBytes = sizeof(HandedPacket);
}

PacketHandoff::PacketHandoff(uint32_t capacity, WhenFull when_full)
    : memory_(static_cast<size_t>(rte_ring_get_memsize_elem(kElementBytes, capacity))),
      ring_(static_cast<rte_ring*>(memory_.data())),
      when_full_(when_full) {
  const int status = rte_ring_init(ring_, "packets", capacity, RING_F_SP_ENQ | RING_F_SC_DEQ);
  TAPSTAT_ASSERT(status == 0);
}

size_t PacketHandoff::push(std::span<const HandedPacket> packets) {
  Idle idle;
  size_t pushed = 0;
  for (;;) {
    const auto left = packets.subspan(pushed);
    pushed += rte_ring_enqueue_burst_elem(ring_, left.data(), kElementBytes,
                                          static_cast<unsigned>(left.size()), nullptr);
    if (pushed == packets.size() || when_full_ == WhenFull::drop) return pushed;
    idle.rest();  // the worker may be waiting for this very CPU
  }
}

void PacketHandoff::push_mark(HandedPacket mark) {
  Idle idle;
  while (rte_ring_enqueue_elem(ring_, &mark, kElementBytes) != 0) idle.rest();
}

size_t PacketHandoff::pop(std::span<HandedPacket> out) {
  return rte_ring_dequeue_burst_elem(ring_, out.data(), kElementBytes,
                                     static_cast<unsigned>(out.size()), nullptr);
}

}  // namespace tapstat::dataplane
