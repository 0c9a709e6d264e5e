#include "control/ledger.h"

#include <algorithm>
#include <array>

namespace tapstat::control {
namespace {

using flowstats::Counter;
using flowstats::CounterValues;

LedgerTerm term(const CounterValues& counters, Counter counter, std::string_view label,
                bool loss = false) {
  return {flowstats::kCounterTable[static_cast<size_t>(counter)].name, label, counters[counter],
          loss};
}

uint64_t lost_of(const Equation& equation) {
  uint64_t lost = 0;
  for (const LedgerTerm& part : equation.parts)
    if (part.loss) lost += part.value;
  return lost;
}

/// `lost` of `lost` and `kept`.
double percent(uint64_t lost, uint64_t kept) {
  return lost == 0 ? 0
                   : 100.0 * static_cast<double>(lost) /
                         (static_cast<double>(lost) + static_cast<double>(kept));
}

Equation packet_equation(const CounterValues& c) {
  // Live ports count for themselves what came to them, and so check what the workers count.
  const bool is_live = c[Counter::port_packets] != 0;
  return {
      "packets",
      "packets",
      term(c, is_live ? Counter::port_packets : Counter::rx_packets, "received"),
      {term(c, Counter::analysed_packets, "analysed"), term(c, Counter::dropped_not_ip, "not IP"),
       term(c, Counter::dropped_not_tcp_udp, "not TCP or UDP"),
       term(c, Counter::dropped_fragment_incomplete, "later fragment"),
       term(c, Counter::dropped_too_short, "cut short"),
       term(c, Counter::dropped_bad_l2, "bad link header"),
       term(c, Counter::dropped_bad_ip, "bad IP header"),
       term(c, Counter::dropped_bad_l4, "bad TCP or UDP"),
       term(c, Counter::dropped_tunnel_too_deep, "tunnel too deep"),
       term(c, Counter::dropped_filtered, "filtered"),
       term(c, Counter::dropped_nic_missed, "lost: port overrun", true),
       term(c, Counter::dropped_nic_errors, "lost: damaged", true),
       term(c, Counter::dropped_nic_nobuf, "lost: no buffer", true),
       term(c, Counter::dropped_ring_full, "lost: ring full", true),
       term(c, Counter::dropped_table_full, "lost: table full", true),
       term(c, Counter::dropped_flow_rate, "lost: flow rate", true),
       term(c, Counter::dropped_other, "lost: other", true)}};
}

Equation flow_equation(const CounterValues& c, uint64_t flows_open) {
  return {"flows",
          "flows",
          term(c, Counter::flows_created, "opened"),
          {term(c, Counter::flows_exported, "recorded"),
           term(c, Counter::flows_dropped_not_local, "not internal"),
           term(c, Counter::flows_dropped_queue_full, "lost: ring full", true),
           {"flows_open", "still open", flows_open, false}}};
}

Equation udp_flow_equation(const CounterValues& c, uint64_t flows_open) {
  return {"udp flows",
          "flows",
          term(c, Counter::udp_flows_created, "opened"),
          {term(c, Counter::udp_flows_exported, "recorded"),
           term(c, Counter::udp_flows_dropped_not_local, "not internal"),
           term(c, Counter::udp_flows_dropped_queue_full, "lost: ring full", true),
           {"udp_flows_open", "still open", flows_open, false}}};
}

/// Names are those of the logs, "rows of log_tcp_complete": literals, as an equation keeps views.
Equation row_equation(const CounterValues& c, const flowstats::LogSpec& log) {
  using flowstats::row_counter;
  using flowstats::RowFate;
  static constexpr std::array<std::string_view, flowstats::kLogCount> kNames = {
      "rows of log_tcp_complete", "rows of log_tcp_nocomplete", "rows of log_udp_complete",
      "rows of log_mm_complete",  "rows of log_http_complete",  "rows of log_dns_complete",
      "rows of log_tcp_periodic", "rows of log_udp_periodic"};
  return {kNames[static_cast<size_t>(log.log)],
          "rows",
          term(c, row_counter(log.log, RowFate::formatted), "made"),
          {term(c, row_counter(log.log, RowFate::written), "written"),
           term(c, row_counter(log.log, RowFate::log_disabled), "log off"),
           term(c, row_counter(log.log, RowFate::write_error), "lost: write error", true)}};
}

Equation trace_equation(const CounterValues& c) {
  return {"traces",
          "packets",
          term(c, Counter::trace_matched, "matched"),
          {term(c, Counter::trace_written, "written"),
           term(c, Counter::trace_sampled_out, "sampled out"),
           term(c, Counter::trace_dropped_ring, "lost: ring full", true),
           term(c, Counter::trace_dropped_disk, "lost: not written", true)}};
}

}  // namespace

uint64_t Equation::sum() const {
  uint64_t sum = 0;
  for (const LedgerTerm& part : parts) sum += part.value;
  return sum;
}

bool Ledger::closes() const {
  const auto all = equations();
  return std::ranges::all_of(all, [](const Equation* e) { return e->difference() == 0; });
}

uint64_t Ledger::packets_lost() const { return lost_of(packets); }

uint64_t Ledger::records_lost() const {
  uint64_t lost = lost_of(flows) + lost_of(udp_flows) + events_lost + lost_of(exit_connections) +
                  lost_of(exit_records);
  for (const Equation& log : logs) lost += lost_of(log);
  return lost;
}

double Ledger::packets_lost_percent() const {
  return percent(packets_lost(), packets.parts.front().value);
}

double Ledger::flows_refused_percent() const { return percent(flows_refused, flows.whole.value); }

double Ledger::flows_evicted_percent() const {
  return percent(flows_evicted, flows.whole.value - std::min(flows_evicted, flows.whole.value));
}

Ledger make_ledger(const CounterValues& c, FlowsOpen open) {
  Ledger ledger;
  ledger.packets = packet_equation(c);
  ledger.flows = flow_equation(c, open.tcp);
  ledger.udp_flows = udp_flow_equation(c, open.udp);
  ledger.flows_refused = c[Counter::flows_refused_table_full];
  ledger.flows_evicted = c[Counter::flows_evicted];
  ledger.events_lost = c[Counter::events_dropped_queue_full];
  for (const flowstats::LogSpec& log : flowstats::kLogs)
    ledger.logs.push_back(row_equation(c, log));
  ledger.records = {"records",
                    "records",
                    term(c, Counter::flows_exported, "recorded"),
                    {term(c, Counter::rows_complete_formatted, "tcp complete"),
                     term(c, Counter::rows_nocomplete_formatted, "tcp not complete")}};
  ledger.udp_records = {"udp records",
                        "records",
                        term(c, Counter::udp_flows_exported, "recorded"),
                        {term(c, Counter::rows_udp_formatted, "udp complete")}};
  ledger.exit_connections = {
      "exit connections",
      "records",
      {"exit_connections_closed + exit_views_exchanged", "ended",
       c[Counter::exit_connections_closed] + c[Counter::exit_views_exchanged]},
      {term(c, Counter::exit_records_exported, "recorded"),
       term(c, Counter::exit_connections_incomplete, "no whole handshake"),
       term(c, Counter::exit_connections_unfinished, "silent or alive at the end"),
       term(c, Counter::exit_records_dropped_queue_full, "lost: ring full", true)}};
  ledger.exit_records = {"exit records",
                         "records",
                         term(c, Counter::exit_records_exported, "recorded"),
                         {term(c, Counter::exit_records_written, "written"),
                          term(c, Counter::exit_records_excluded, "excluded networks"),
                          term(c, Counter::exit_records_lost, "lost: not written", true)}};
  ledger.traces = trace_equation(c);
  return ledger;
}

uint64_t udp_flows_open(const CounterValues& c) {
  return c[Counter::udp_flows_created] - c[Counter::udp_flows_exported] -
         c[Counter::udp_flows_dropped_not_local] - c[Counter::udp_flows_dropped_queue_full];
}

std::vector<const Equation*> Ledger::equations() const {
  std::vector<const Equation*> all = {&packets, &flows, &udp_flows};
  for (const Equation& log : logs) all.push_back(&log);
  all.push_back(&records);
  all.push_back(&udp_records);
  all.push_back(&exit_connections);
  all.push_back(&exit_records);
  all.push_back(&traces);
  return all;
}

}  // namespace tapstat::control
