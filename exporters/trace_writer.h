/// The trace writer: empties the packet rings into hourly trace files, on a thread of its own.
///
/// Never one of the packet loops' threads, and no worker waits for its disk: what a full ring
/// cannot take is the worker's to count (a replay's source waits instead). Files appear whole under
/// their final names (spool.h); what could not be written is counted, and the error is kept for the
/// exit status.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "exporters/hourly_traces.h"
#include "exporters/write_errors.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/result.h"
#include "flowstats/trace_queue.h"

namespace tapstat::exporters {

struct TraceWriterOptions {
  TraceDestination destination;
  /// How long a ring that says nothing holds up the others. A replay can afford to wait.
  std::chrono::milliseconds hold_back{100};
  std::chrono::seconds flush{5};  // packets are in the spooled file at most this late
};

/// What the trace writer did, after finish().
struct TraceReport {
  std::vector<std::filesystem::path> files;  // published, those of a killed process included
  std::vector<std::string> errors;           // sentences, one per cause
};

class TraceWriter {
 public:
  /// `sources` and `counters` (the trace writer's own block) outlive it.
  TraceWriter(TraceWriterOptions options, std::vector<flowstats::TraceSource*> sources,
              flowstats::CounterBlock& counters);
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  /// Control thread, before start(): takes the directory. Errors: ExitStatus::environment.
  [[nodiscard]] flowstats::Result<void> open();
  void start();
  /// Any thread: what could not be written so far.
  [[nodiscard]] std::vector<WriteErrors::Cause> error_causes() const;
  /// Control thread, after the last worker has finished: drains, publishes, joins.
  TraceReport finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapstat::exporters
