/// The packet path: sources -> (dispatcher ->) workers -> record rings, started and watched by
/// control.
///
/// A source for each worker: source, worker and table run to completion on one lcore. One source
/// for several workers: a dispatcher lcore parses, hashes and hands packets over single-producer
/// rings. With exit records, followers on further lcores keep the connections of one or two workers
/// each. Nothing of a file is ever dropped: a full ring makes the source wait. What a live port
/// brings never waits: a full ring costs packets or records, which are counted. All functions are
/// for the control thread unless they say otherwise. start_eal() comes first.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/capture_file.h"
#include "dataplane/live_ports.h"
#include "dataplane/reader_kind.h"
#include "dataplane/record_ring.h"
#include "dataplane/trace_tap.h"
#include "flowstats/active_config.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/result.h"
#include "flowstats/measurement.h"
#include "flowstats/record_queue.h"
#include "flowstats/wire/network_list.h"

namespace tapstat::dataplane {

struct PipelineOptions {
  unsigned workers = 1;
  flowstats::Measurement measurement;
  flowstats::NetworkList internal;
  uint32_t record_ring = kRecordRingDefault;  // records of one worker; a power of two
  std::optional<TraceOptions> trace;          // absent: no packet is copied
};

struct ReplayOptions {
  ReaderKind reader = ReaderKind::dpdk;
  uint64_t loops =
      1;  // rounds over all captures, packet times shifted each round; 0 = until request_stop()
  double speed = 0;  // 1 = real time, 2 = twice as fast; 0 = as fast as possible
};

struct WorkerProgress {
  flowstats::CounterValues counters;
  uint64_t flows_open = 0;
  uint64_t records_queued = 0, record_ring = 0;  // in its ring, and how many fit
  uint64_t rounds = 0;                           // of its loop
};

struct PipelineProgress {
  flowstats::CounterValues counters;  // of all workers and the dispatcher
  std::vector<WorkerProgress> workers;
  flowstats::CounterValues dispatcher;
  std::optional<uint64_t> dispatcher_rounds;  // absent without one
  uint64_t flows_open = 0;
  flowstats::Timestamp clock;  // largest packet time so far
  bool started = false;        // the sources are asked for packets
  bool finished = false;       // every record is in the rings
};

class PacketPipeline {
 public:
  /// Makes pools, readers, tables and rings; the captures (at least one) outlive the pipeline.
  /// Errors: ExitStatus::environment (memory, ports), ExitStatus::input_unreadable (preloading).
  [[nodiscard]] static flowstats::Result<std::unique_ptr<PacketPipeline>> replay(
      const std::vector<CaptureFile>& captures, const ReplayOptions& replay,
      const PipelineOptions& options, const flowstats::ActiveConfig& config);
  /// Tables and rings for open ports, which outlive the pipeline. Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<PacketPipeline>> live(
      LivePorts& ports, const PipelineOptions& options, const flowstats::ActiveConfig& config);
  ~PacketPipeline();

  /// Worker lcores that start_eal() must provide: for the dispatcher, when one is needed, the
  /// workers, and the followers of exit records, in this order.
  [[nodiscard]] static unsigned lcores_needed(const PipelineOptions& options);

  /// The writer's ends of the record rings, one for each worker.
  [[nodiscard]] std::vector<flowstats::RecordSource*> record_sources();
  /// The same of the rings of exit records; none while they are off.
  [[nodiscard]] std::vector<flowstats::RecordSource*> exit_sources();
  /// The trace writer's ends of the packet rings, one for each worker; none without traces.
  [[nodiscard]] std::vector<flowstats::TraceSource*> trace_sources();
  [[nodiscard]] size_t memory_ceiling_bytes() const;

  /// `touch_memory`: every worker first brings its memory in, all at the same time, and only then
  /// the source is asked for packets.
  void start(bool touch_memory);
  /// Any thread, async-signal-safe: stop reading after the current burst, then close all flows as
  /// at the end of a trace.
  void request_stop();
  /// Any thread.
  [[nodiscard]] PipelineProgress progress() const;
  /// After progress().finished: waits for the lcores to return.
  void join();
  /// After progress().finished: when the source was first asked for packets, with all memory
  /// touched that was to be.
  [[nodiscard]] std::chrono::steady_clock::time_point source_started() const;
  /// After join(), of a replay: why a capture could not be read to its counted end, if so.
  [[nodiscard]] std::optional<flowstats::Error> source_fault() const;

  /// Publishes a configuration; every worker uses it from its next burst on. One thread at a time
  /// publishes and asks; it never waits.
  uint64_t publish(const flowstats::ActiveConfig& config);
  /// True when no record will be made under the configurations before that of `token`.
  [[nodiscard]] bool in_force(uint64_t token);

  /// Of a replay: the source stops after exactly `packet` packets of the run; held() turns true
  /// when all of them are processed, and release() lets it go on. For switching a configuration at
  /// a given packet.
  void hold_at(uint64_t packet);
  [[nodiscard]] bool held() const;
  void release();

 private:
  class Impl;
  explicit PacketPipeline(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapstat::dataplane
