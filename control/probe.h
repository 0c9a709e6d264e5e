/// What the control plane asks of the running probe: its figures, and the few things it may do.
///
/// Implemented by the supervisor; tests use a fake. Every function may be called from the control
/// plane's thread at any time between start and end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "dataplane/live_ports.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/units.h"

namespace tapstat::control {

struct WorkerFigures {
  flowstats::CounterValues counters;
  uint64_t flows_open = 0;
  uint64_t records_queued = 0, record_ring = 0;  // records in its ring, and how many fit
};

/// The file system that the logs go to.
struct OutputFigures {
  uint64_t size_bytes = 0, free_bytes = 0;  // 0: not known
  uint64_t spool_bytes = 0;                 // that the spool held when it was measured
  uint64_t times_short = 0;                 // how often room became short
  std::string shortage;                     // the sentence while room is short

  [[nodiscard]] bool is_short() const { return !shortage.empty(); }
};

struct ProbeFigures {
  std::vector<WorkerFigures> workers;
  flowstats::CounterValues dispatcher, writer;
  flowstats::CounterValues port_counters;     // of live ports, before anybody received
  std::vector<dataplane::PortFigures> ports;  // of a run
  flowstats::Timestamp clock;                 // packet time
  double uptime_s = 0;
  uint64_t flow_capacity = 0;    // of all workers
  uint32_t epoch_published = 0;  // filled in by who asks: Settings knows it
  uint32_t epoch_written = 0;
  std::filesystem::path directory;  // where rows go now
  OutputFigures output;
  std::vector<std::string> writer_errors;  // sentences
  std::string command;                     // "replay", "run"
  std::string mode, schema, source;
  bool ending = false;  // stops, or has read everything

  [[nodiscard]] flowstats::CounterValues total() const {
    flowstats::CounterValues sum = dispatcher;
    sum += writer;
    sum += port_counters;
    for (const WorkerFigures& w : workers) sum += w.counters;
    return sum;
  }
  [[nodiscard]] uint64_t flows_open() const {
    uint64_t sum = 0;
    for (const WorkerFigures& w : workers) sum += w.flows_open;
    return sum;
  }
};

class Probe {
 public:
  virtual ~Probe() = default;
  [[nodiscard]] virtual ProbeFigures figures() const = 0;
  /// As SIGTERM: stops reading, closes the flows, writes everything, ends the process.
  virtual void stop() = 0;
};

}  // namespace tapstat::control
