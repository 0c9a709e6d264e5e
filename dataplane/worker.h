/// The packet loop of one worker: short loops over a burst, from its buffers to its flows.
///
/// 1. prefetch buffers and headers (burst_frames.h); 2. parse (parse_burst.h), and copy what a
/// trace wants (trace_tap.h); 3. look up and update flows, and 4. publish the records of those that
/// ended (flow_shard.h); 5. free the buffers. Then the worker passes a quiescent point of the
/// configuration and says how far it is.
///
/// run_from_source() is source and worker in one thread (one worker); run_from_dispatcher() takes
/// what a dispatcher hands over. Each runs on its own lcore until the source is finished. Who owns
/// what: that thread alone uses shard, segments and counters (others may read the counters) and its
/// reader slot in `config`; it writes `status`, which control and the dispatcher read. Packets are
/// owned from the moment they are received until they are freed; records go to the writer's thread
/// through the shard's ring.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/burst_frames.h"
#include "dataplane/config_epoch.h"
#include "dataplane/flow_shard.h"
#include "dataplane/idle.h"
#include "dataplane/packet_handoff.h"
#include "dataplane/packet_source.h"
#include "dataplane/trace_tap.h"
#include "dataplane/worker_status.h"
#include "flowstats/base/counters.h"
#include "flowstats/measurement.h"

namespace tapstat::dataplane {

class Worker {
 public:
  /// `reader_id` in `config`; `trace` is nullptr without traces. The references outlive the
  /// worker.
  Worker(const flowstats::Measurement& measurement, FlowShard& shard,
         flowstats::CounterBlock& counters, ConfigEpoch& config, uint32_t reader_id,
         WorkerStatus& status, TraceTap* trace = nullptr);

  void run_from_source(PacketSource& source);
  void run_from_dispatcher(PacketHandoff& handoff);

 private:
  void process_located(const Burst& burst);
  void process_handed(Burst& burst);
  [[nodiscard]] bool take_mark(const HandedPacket& mark);
  void finish_trace(flowstats::Timestamp last_frame, flowstats::Timestamp clock);
  void finish();
  void pass_time(flowstats::Timestamp clock);
  void rest(bool may_nap);

  const flowstats::Measurement& measurement_;
  FlowShard& shard_;
  flowstats::CounterBlock& counters_;
  ConfigEpoch& config_;
  uint32_t reader_id_;
  WorkerStatus& status_;
  TraceTap* trace_;
  Idle idle_;
  BurstFrames frames_;
  std::array<flowstats::Segment, kBurst> segments_;
};

}  // namespace tapstat::dataplane
