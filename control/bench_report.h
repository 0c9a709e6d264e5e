/// The result of `tapstat bench` as a table for people and as one JSON document.
///
/// Both show the same figures, derived here from the pieces. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/bench_worker.h"
#include "control/run_result.h"
#include "dataplane/lab_capture.h"
#include "dataplane/process_pages.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

struct BenchResult {
  std::vector<InputFacts> inputs;
  dataplane::LabCaptureFacts capture;
  uint64_t capture_bytes = 0;  // of memory
  flowstats::Mode mode = flowstats::Mode::tstat;
  uint64_t flows_wanted = 0;    // at the same time, over all workers
  uint64_t flows_capacity = 0;  // of all tables
  uint32_t replicas = 0;        // over all workers
  unsigned rounds_wanted = 0, rounds_done = 0;
  unsigned cpus = 1;  // that this process may use
  bool interrupted = false;
  dataplane::ProcessPages pages_before;  // with the captures in memory, before the tables are made
  dataplane::ProcessPages pages;         // at its largest
  std::vector<BenchWorkerResult> workers;
};

/// False when no piece of the worker path was timed: there is nothing to report.
[[nodiscard]] bool has_figures(const BenchResult& result);

/// Lines without a newline at the end. Precondition: has_figures().
[[nodiscard]] std::string bench_table(const BenchResult& result);
[[nodiscard]] std::string bench_json(const BenchResult& result);

}  // namespace tapstat::control
