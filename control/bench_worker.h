/// One thread of `tapstat bench`: the worker path, the floor and the rows of the log, measured in
/// turn.
///
/// Each thread has a shard, a floor and loads of its own, made and used by it alone. A round times
/// pieces of the worker path, then of the shortest connections among the same flows, then of the
/// floor, then of the writer's formatting, so that whatever else the machine does meets all alike.
/// Only the pieces are timed, with the thread's CPU time: writing the frames, emptying the ring and
/// passing over idle parts of the capture are not.
#pragma once

#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "control/bench_figures.h"
#include "control/hardware_counters.h"
#include "dataplane/floor.h"
#include "dataplane/frame_path.h"
#include "dataplane/lab_capture.h"
#include "dataplane/lab_load.h"
#include "dataplane/short_flows.h"
#include "exporters/row_buffer.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

/// What all threads measure with; read-only for them.
struct BenchTraffic {
  dataplane::LabCapture capture;
  std::optional<dataplane::ShortFlows> short_flows;  // empty: no handshake is complete
};

struct BenchWorkerPlan {
  flowstats::Measurement measurement;  // with the limits of this worker's shard
  uint32_t first_replica = 0, replicas = 1;
  uint32_t short_replicas = 1;  // of the shortest connections
  uint32_t floor_flows_max = 0;
  unsigned rounds = 7;
  double seconds = 10;     // of all rounds together
  std::optional<int> cpu;  // empty: wherever the system puts it
};

/// What the threads share with the control thread.
struct BenchShared {
  explicit BenchShared(unsigned workers) : ready(workers) {}
  std::atomic<bool> stop = false;      // control
  std::atomic<unsigned> finished = 0;  // workers
  std::barrier<> ready;                // all are warm: the rounds begin
};

/// Written by the worker, read by control.
struct alignas(128) BenchWorkerStatus {
  std::atomic<double> warmed = 0;  // 0 to 1
  std::atomic<unsigned> rounds_done = 0;
  std::atomic<uint64_t> packets = 0;  // timed, on the worker path
};

/// Final when the thread has ended.
struct BenchWorkerResult {
  std::vector<Piece> path, floor, rows;
  ShortFlowPieces short_flows;
  std::vector<double> flows_open;  // of the load, after each piece of the worker path
  std::vector<double> trackers;    // held by directions of flows, at the same moments
  std::optional<int> cpu;          // the one it ran on alone
  uint64_t table_bytes = 0;        // reserved: flows, index, segments, records
  uint64_t flow_bytes = 0;         // of them what grows with the flows: entries and index
  uint64_t flows_refused = 0;  // found no room in the table: the load was not what was asked for
  uint64_t floor_missed = 0;   // must be 0
};

class BenchWorker {
 public:
  /// On the thread that measures: what it allocates is then near it. The references outlive it.
  BenchWorker(const BenchWorkerPlan& plan, const BenchTraffic& traffic, BenchShared& shared,
              BenchWorkerStatus& status);
  BenchWorker(const BenchWorker&) = delete;
  BenchWorker& operator=(const BenchWorker&) = delete;

  [[nodiscard]] BenchWorkerResult run();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] bool stopped() const { return shared_.stop.load(std::memory_order_relaxed); }
  void warm_path();
  void warm_floor();
  template <class Step>
  void repeat_for(double seconds, Step step);
  template <class Work>
  Piece timed(Work work) const;
  void path_piece();
  void short_flows_piece();
  void floor_piece();
  void rows_piece();
  void keep_records();
  [[nodiscard]] uint64_t flow_bytes(dataplane::LinkType link_type) const;

  const BenchWorkerPlan& plan_;
  BenchShared& shared_;
  BenchWorkerStatus& status_;
  HardwareCounters hardware_;
  dataplane::FramePath path_;
  dataplane::Floor floor_;
  dataplane::LabLoad path_load_, floor_load_;
  const std::optional<dataplane::ShortFlows>& short_flows_;
  std::optional<dataplane::LabLoad> short_load_;
  uint64_t short_flows_open_ = 0;
  flowstats::Timestamp now_ = flowstats::kNever;  // time of the latest packet of the path
  std::vector<flowstats::TcpRecord> drained_, records_;
  size_t next_kept_ = 0, next_row_ = 0;
  exporters::RowBuffer text_;
  BenchWorkerResult result_;
};

}  // namespace tapstat::control
