/// The packet loop of one lcore: receive, parse, process, free, quiesce.
///
/// run_from_source() is source and worker in one (one worker); run_from_dispatcher() takes what the
/// dispatcher hands over; Dispatcher::run() is the source when there are several workers. Each runs
/// on its own lcore until the source is finished and owns everything it is given but the shared
/// control, whose fields say who writes them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "dataplane/burst.h"
#include "dataplane/config_epoch.h"
#include "dataplane/flow_shard.h"
#include "dataplane/packet_handoff.h"
#include "dataplane/replay_source.h"
#include "flowstats/base/counters.h"
#include "flowstats/measurement.h"

namespace tapstat::dataplane {

/// What a worker tells control; written by the worker only.
struct alignas(128) WorkerStatus {
  std::atomic<uint64_t> packets_done =
      0;  // received from source or dispatcher and completely processed
  std::atomic<int64_t> clock_us = flowstats::kNever.us;
  /// The hold_at at which the source waits with everything before it processed.
  std::atomic<uint64_t> held_at = ReplayControl::kNoHold;
  std::atomic<bool> finished = false;
};

class Worker {
 public:
  /// `reader_id` in `config`. The references outlive the worker.
  Worker(const flowstats::Measurement& measurement, FlowShard& shard,
         flowstats::CounterBlock& counters, ConfigEpoch& config, uint32_t reader_id,
         WorkerStatus& status);

  void run_from_source(ReplaySource& source);
  void run_from_dispatcher(PacketHandoff& handoff);

 private:
  void process(const Burst& burst);
  void finish_trace(flowstats::Timestamp last_frame, flowstats::Timestamp clock);
  void rest();

  const flowstats::Measurement& measurement_;
  FlowShard& shard_;
  flowstats::CounterBlock& counters_;
  ConfigEpoch& config_;
  uint32_t reader_id_;
  WorkerStatus& status_;
  std::array<flowstats::Segment, kBurst> segments_;
};

class Dispatcher {
 public:
  Dispatcher(const flowstats::Measurement& measurement, flowstats::CounterBlock& counters,
             std::vector<PacketHandoff*> handoffs, const std::vector<WorkerStatus*>& workers,
             WorkerStatus& status);

  void run(ReplaySource& source);

 private:
  void dispatch(const Burst& burst);
  void mark_all(HandedPacket::Mark mark, const ReplaySource& source);
  [[nodiscard]] bool workers_caught_up() const;

  const flowstats::Measurement& measurement_;
  flowstats::CounterBlock& counters_;
  std::vector<PacketHandoff*> handoffs_;
  const std::vector<WorkerStatus*>& workers_;
  WorkerStatus& status_;
  uint64_t handed_ = 0;
  std::vector<std::vector<HandedPacket>> lots_;  // of one burst, by worker; capacity kBurst each
};

}  // namespace tapstat::dataplane
