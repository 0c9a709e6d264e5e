/// Gives each packet to the worker that owns its flow, when there are several workers.
///
/// Short loops over a burst: 1. prefetch buffers and headers (burst_frames.h); 2. find each
/// packet's hash, or why it is not analysed (parse_burst.h); 3. sort the packets into one lot for
/// each worker, the hash with them, and free the others; 4. put full lots into the workers' rings.
/// A lot waits until it is worth a ring operation, but not longer than a few bursts or the next
/// pause of the source. A packet that is not analysed is counted here, with the cause the parser
/// gives, and by nobody else.
///
/// One thread runs it and owns the lots and `counters` (others may read the counters); it is the
/// only producer of all rings; the rings' other ends, and the packets in them, belong to the
/// workers. It reads the workers' status and writes its own.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/burst_frames.h"
#include "dataplane/idle.h"
#include "dataplane/packet_handoff.h"
#include "dataplane/packet_source.h"
#include "dataplane/worker_status.h"
#include "flowstats/base/counters.h"
#include "flowstats/measurement.h"

namespace tapstat::dataplane {

class Dispatcher {
 public:
  /// One ring and one status for each worker. The references outlive the dispatcher.
  Dispatcher(const flowstats::Measurement& measurement, flowstats::CounterBlock& counters,
             std::vector<PacketHandoff*> handoffs, const std::vector<WorkerStatus*>& workers,
             WorkerStatus& status);

  /// Until the source is finished.
  void run(PacketSource& source);

  /// One burst of the trace, none of it analysed by a worker before it is handed over. Waits or
  /// drops when the ring of a worker is full, as the ring says.
  void dispatch(const Burst& burst);
  /// Puts everything that still waits into the rings.
  void hand_over();

 private:
  static constexpr uint16_t kLotMin = kBurst;  // packets that are worth a ring operation
  static constexpr uint32_t kBurstsBetweenHandOvers = 16;

  /// Packets of one worker on their way to its ring; fewer than kLotMin between two bursts.
  struct alignas(128) Lot {
    std::array<HandedPacket, kLotMin + kBurst> packets;
    uint16_t count = 0;
  };

  void sort_into_lots(const Burst& burst);
  void note_clocks(flowstats::Timestamp clock);
  void hand_over(size_t worker);
  void drop(std::span<const HandedPacket> packets);
  void mark_all(HandedPacket::Mark mark, flowstats::Timestamp time, flowstats::Timestamp clock);
  [[nodiscard]] bool workers_caught_up() const;

  const flowstats::Measurement& measurement_;
  flowstats::CounterBlock& counters_;
  std::vector<PacketHandoff*> handoffs_;
  const std::vector<WorkerStatus*>& workers_;
  WorkerStatus& status_;
  Idle idle_;
  BurstFrames frames_;
  std::array<PacketKey, kBurst> keys_;
  std::vector<Lot> lots_;
  uint64_t sorted_ = 0;  // packets of the run that went into lots
  uint32_t bursts_ = 0;
  bool ip_seen_ = false;  // in this round
};

}  // namespace tapstat::dataplane
