/// Ring of packets from the dispatcher to one worker (rte_ring, single producer, single consumer).
///
/// Every packet travels with its time and the capture clock at that moment, so that a worker's
/// results do not depend on what the other workers get. When the ring is full the policy of the
/// source decides: nothing of a file is dropped, the dispatcher waits; packets of a live port do
/// not wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "dataplane/parse.h"
#include "flowstats/base/arena.h"
#include "flowstats/base/units.h"

struct rte_mbuf;
struct rte_ring;

namespace tapstat::dataplane {

/// Without initial values: arrays of them are filled before they are read.
struct HandedPacket {
  rte_mbuf* packet;           // with its hash (burst_frames.h); nullptr: a mark, see `mark`
  flowstats::Timestamp time;  // mark at an end: time of the last frame
  flowstats::Timestamp clock;
  /// first_ip: `time` is that of the round's first IP packet, which may have gone to another worker
  /// or to none.
  enum class Mark : uint32_t { none, first_ip, end_of_round, end_of_run } mark;
  LinkType link_type;
};
static_assert(sizeof(HandedPacket) == 32);

class PacketHandoff {
 public:
  enum class WhenFull : uint8_t { wait, drop };

  /// `capacity`: packets, a power of two.
  PacketHandoff(uint32_t capacity, WhenFull when_full);

  /// Dispatcher. Returns how many of `packets`, from the first one on, are in the ring: all of them
  /// unless the policy is to drop.
  [[nodiscard]] size_t push(std::span<const HandedPacket> packets);
  /// Dispatcher. A mark is never dropped: waits until it is in the ring.
  void push_mark(HandedPacket mark);
  /// Worker. Up to out.size() packets, oldest first; never waits.
  [[nodiscard]] size_t pop(std::span<HandedPacket> out);

  /// Dispatcher: every packet for this worker up to this capture clock has been pushed.
  void advance(flowstats::Timestamp clock) { clock_us_.store(clock.us, std::memory_order_release); }
  /// Worker, before it finds the ring empty: it has then seen every packet up to this moment.
  [[nodiscard]] flowstats::Timestamp clock() const {
    return {clock_us_.load(std::memory_order_acquire)};
  }
  [[nodiscard]] size_t bytes() const { return memory_.size(); }

 private:
  flowstats::PageBlock memory_;
  rte_ring* ring_;
  WhenFull when_full_;
  alignas(64) std::atomic<int64_t> clock_us_ = flowstats::kNever.us;
};

}  // namespace tapstat::dataplane
