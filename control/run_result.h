/// What a replay or a run did: the facts that the end table, summary.json, counters.json and the
/// exit status are made from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "control/memory.h"
#include "dataplane/live_ports.h"
#include "exporters/trace_writer.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/units.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

/// One input as it was found before the replay.
struct InputFacts {
  std::filesystem::path name;
  std::string format, link_type;
  uint64_t packets = 0, bytes = 0, snapped_packets = 0;
  uint64_t wire_bytes = 0;  // sum of the lengths on the wire
  std::optional<flowstats::Timestamp> first, last;
  std::optional<std::string> damage;
  std::optional<std::string> error;  // could not be read: nothing else is set
};

struct RunResult {
  /// Of the packets received; of captures by their length on the wire, as DPDK's port reports
  /// captured lengths only.
  [[nodiscard]] double bits_received() const {
    uint64_t packets = 0, bytes = 0;
    for (const InputFacts& input : inputs) {
      packets += input.packets;
      bytes += input.wire_bytes;
    }
    if (inputs.empty()) return 8.0 * static_cast<double>(counters[flowstats::Counter::rx_bytes]);
    const auto received = static_cast<double>(counters[flowstats::Counter::rx_packets]);
    return packets == 0
               ? 0
               : 8.0 * static_cast<double>(bytes) * received / static_cast<double>(packets);
  }

  std::vector<InputFacts> inputs;
  std::vector<dataplane::PortFigures> ports;  // of a run
  std::string source = "dpdk";                // or file, preloaded, live
  flowstats::Mode mode = flowstats::Mode::tstat;
  flowstats::Schema schema = flowstats::Schema::mplane;
  flowstats::GroupMask groups;  // at the end
  unsigned workers = 1;
  uint64_t loops = 1;  // asked for; 0 = until stopped
  bool gzip = false;
  bool interrupted = false;
  flowstats::CounterValues counters;  // of workers, dispatcher and writer
  uint64_t flows_open = 0;            // after the stop
  double wall_s = 0;                  // first packet asked for to last row on disk
  double traffic_s = 0;               // packet time covered, all rounds
  double start_s = 0;                 // start of the command to first packet asked for
  MemoryUse memory;
  exporters::WriterReport writer;
  exporters::TraceReport traces;
  std::string dpdk_version;
};

}  // namespace tapstat::control
