/// The accounting equations of a run, computed from the counters: nothing may vanish between two of
/// them.
///
/// Packets: received (by live ports' own count, with what they lost) = analysed + every drop
/// reason. Flows: created = exported + every reason for
/// no record + still open. Rows of each log: made = written + every reason for no row. Between the
/// two: records = rows made of both logs. Traces: packets matched = written + every reason for
/// leaving one out. A difference is a defect of the program, never of the
/// input.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "flowstats/base/counters.h"

namespace tapstat::control {

struct LedgerTerm {
  std::string_view name;   // counter
  std::string_view label;  // in the end table
  uint64_t value = 0;
  bool loss = false;  // the program could have kept it
};

struct Equation {
  std::string_view name, unit;
  LedgerTerm whole;
  std::vector<LedgerTerm> parts;
  [[nodiscard]] uint64_t sum() const;
  /// whole - sum of the parts; 0 when nothing vanished.
  [[nodiscard]] int64_t difference() const { return static_cast<int64_t>(whole.value - sum()); }
};

struct Ledger {
  Equation packets, flows, udp_flows;
  std::vector<Equation> logs;  // rows of each, by flowstats::Log
  Equation records, udp_records;
  Equation exit_connections, exit_records;
  Equation traces;
  [[nodiscard]] std::vector<const Equation*> equations() const;
  [[nodiscard]] bool closes() const;
  [[nodiscard]] uint64_t packets_lost() const;
  [[nodiscard]] uint64_t records_lost() const;
  /// Lost packets of all that should have been analysed, in percent; 0 to 100.
  [[nodiscard]] double packets_lost_percent() const;
  /// Flows that found no room in the table, of all that should have been opened, in percent.
  [[nodiscard]] double flows_refused_percent() const;

  /// Flows that ended early to make room in the table, of all that were opened, in percent.
  [[nodiscard]] double flows_evicted_percent() const;

  uint64_t flows_refused = 0, flows_evicted = 0;
  uint64_t events_lost = 0;  // messages, streams and intervals that found no room in a ring
};

/// Flows that no record was made of yet; none after a stop.
struct FlowsOpen {
  uint64_t tcp = 0, udp = 0;
};
[[nodiscard]] Ledger make_ledger(const flowstats::CounterValues& counters, FlowsOpen open);

/// While the probe runs: by the counters themselves.
[[nodiscard]] uint64_t udp_flows_open(const flowstats::CounterValues& counters);

}  // namespace tapstat::control
