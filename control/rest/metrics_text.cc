#include "control/rest/metrics_text.h"

#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "control/build_info.h"
#include "control/ledger.h"

namespace tapstat::control::rest {
namespace {

using flowstats::Counter;
using flowstats::CounterValues;
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Backslash, quote and line end are the only characters that a label value may not hold as such.
std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

class Exposition {
 public:
  /// Begins a family: its samples follow.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "tapstat_" + std::string(name);
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
  }
  void sample(Labels labels, uint64_t value) { line(labels, std::to_string(value)); }
  void sample(Labels labels, int64_t value) { line(labels, std::to_string(value)); }
  void sample(Labels labels, double value) { line(labels, fmt::format("{:.6f}", value)); }

  /// A family of one sample without labels.
  template <class T>
  void single(std::string_view name, std::string_view type, std::string_view help, T value) {
    family(name, type, help);
    sample({}, value);
  }
  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void line(Labels labels, std::string_view value) {
    text_ += name_;
    for (bool first = true; const auto& [label, content] : labels) {
      text_ += fmt::format("{}{}=\"{}\"", first ? '{' : ',', label, escaped(content));
      first = false;
    }
    text_ += fmt::format("{} {}\n", labels.size() == 0 ? "" : "}", value);
  }

  std::string name_, text_;
};

void counter_table(Exposition& out, const ProbeFigures& figures) {
  for (size_t i = 0; i < flowstats::kCounterCount; ++i) {
    const flowstats::CounterSpec& spec = flowstats::kCounterTable[i];
    out.family(fmt::format("{}_total", spec.name), "counter",
               fmt::format("{} ({})", spec.help, spec.unit));
    for (size_t w = 0; w < figures.workers.size(); ++w)
      out.sample({{"worker", std::to_string(w)}}, figures.workers[w].counters.value[i]);
    out.sample({{"worker", "dispatcher"}}, figures.dispatcher.value[i]);
    out.sample({{"worker", "writer"}}, figures.writer.value[i]);
  }
}

/// Why a packet was not analysed, by what it takes to change that: nothing, a filter, a larger
/// table.
void packet_reasons(Exposition& out, const CounterValues& total) {
  constexpr std::pair<Counter, std::string_view> kRejected[] = {
      {Counter::dropped_too_short, "too_short"},
      {Counter::dropped_bad_l2, "bad_l2"},
      {Counter::dropped_bad_ip, "bad_ip"},
      {Counter::dropped_bad_l4, "bad_l4"},
      {Counter::dropped_not_ip, "not_ip"},
      {Counter::dropped_not_tcp_udp, "not_tcp_udp"},
      {Counter::dropped_fragment_incomplete, "fragment_incomplete"},
      {Counter::dropped_tunnel_too_deep, "tunnel_too_deep"},
      {Counter::dropped_other, "other"},
  };
  out.family("rejected_packets_total", "counter", "packets that hold no TCP or UDP header to read");
  for (const auto& [counter, reason] : kRejected) out.sample({{"reason", reason}}, total[counter]);
  out.family("filtered_packets_total", "counter", "packets that were excluded on request");
  out.sample({{"reason", "filter"}}, total[Counter::dropped_filtered]);
  out.family("untracked_packets_total", "counter", "packets whose flow could not be followed");
  out.sample({{"reason", "table_full"}}, total[Counter::dropped_table_full]);
  out.sample({{"reason", "flow_rate"}}, total[Counter::dropped_flow_rate]);
}

/// What live ports delivered and lost, each by its own count.
void ports(Exposition& out, const ProbeFigures& figures) {
  using dataplane::PortFigures;
  out.single("dispatch_full_packets_total", "counter",
             "packets for which the ring from the dispatcher to a worker had no room",
             figures.dispatcher[Counter::dropped_ring_full]);
  if (figures.ports.empty()) return;
  const auto each_port = [&](std::string_view name, std::string_view type, std::string_view help,
                             const auto& value) {
    out.family(name, type, help);
    for (const PortFigures& port : figures.ports)
      out.sample({{"port", port.name}}, uint64_t{value(port)});
  };
  const auto count = [&](std::string_view name, std::string_view help,
                         uint64_t PortFigures::*value) {
    each_port(name, "counter", help, [value](const PortFigures& port) { return port.*value; });
  };
  count("rx_port_packets_total", "packets that the port delivered", &PortFigures::packets);
  count("rx_missed_packets_total", "packets for which the port had no descriptor or ring space",
        &PortFigures::missed);
  count("rx_errors_packets_total", "damaged frames that the port refused", &PortFigures::errors);
  count("rx_nombuf_packets_total", "packets for which the port found no buffer",
        &PortFigures::no_buffer);
  each_port("port_up", "gauge", "1 while the port is there and its link is up",
            [](const PortFigures& port) { return port.is_present && port.is_up ? 1U : 0U; });
}

void records(Exposition& out, const CounterValues& total) {
  using flowstats::row_counter;
  using flowstats::RowFate;
  out.family("records_total", "counter", "records of each log: made = written + the other states");
  for (const auto& [log, name, bit] : flowstats::kLogs) {
    out.sample({{"log", name}, {"state", "made"}}, total[row_counter(log, RowFate::formatted)]);
    out.sample({{"log", name}, {"state", "written"}}, total[row_counter(log, RowFate::written)]);
    out.sample({{"log", name}, {"state", "output_dropped"}},
               total[row_counter(log, RowFate::write_error)]);
    out.sample({{"log", name}, {"state", "log_disabled"}},
               total[row_counter(log, RowFate::log_disabled)]);
  }
}

void ledger(Exposition& out, const ProbeFigures& figures, const CounterValues& total) {
  const Ledger ledger = make_ledger(total, {figures.flows_open(), udp_flows_open(total)});
  out.family("ledger_difference", "gauge",
             "whole minus the sum of its parts; 0 while nothing is in flight between two counters");
  for (const Equation* equation : ledger.equations())
    out.sample({{"equation", equation->name}}, equation->difference());
}

void fill(Exposition& out, const ProbeFigures& figures) {
  const auto each_worker = [&](std::string_view name, std::string_view help,
                               uint64_t WorkerFigures::*value) {
    out.family(name, "gauge", help);
    for (size_t w = 0; w < figures.workers.size(); ++w)
      out.sample({{"worker", std::to_string(w)}}, figures.workers[w].*value);
  };
  each_worker("flows_open", "TCP flows in the table", &WorkerFigures::flows_open);
  each_worker("record_ring_records", "records that wait for the writer",
              &WorkerFigures::records_queued);
  each_worker("record_ring_capacity", "records that the ring to the writer holds",
              &WorkerFigures::record_ring);
  out.single("flow_capacity", "gauge", "TCP flows that the tables of all workers hold",
             figures.flow_capacity);
}

/// Nothing while the file system is not known.
void output_room(Exposition& out, const OutputFigures& output) {
  if (output.size_bytes == 0) return;
  out.single("output_size_bytes", "gauge", "of the file system that the logs go to",
             output.size_bytes);
  out.single("output_free_bytes", "gauge", "of these, free", output.free_bytes);
  out.single("output_nearly_full", "gauge", "1 while there is no room to speak of",
             uint64_t{output.is_short() ? 1U : 0U});
  out.single("output_shortages_total", "counter", "how often room became short",
             output.times_short);
  out.single("output_spool_bytes", "gauge", "that the spool of the logs holds, of all runs",
             output.spool_bytes);
}

void settings(Exposition& out, const MetricsFacts& facts) {
  out.single("epoch_published", "gauge", "newest configuration epoch",
             uint64_t{facts.figures.epoch_published});
  out.single("epoch_written", "gauge", "configuration epoch of the rows that are written",
             uint64_t{facts.figures.epoch_written});
  out.family("group_on", "gauge", "1 while the column group is written");
  for (const GroupView& view : facts.groups)
    out.sample({{"group", view.name}}, uint64_t{view.on ? 1U : 0U});
  out.family("group_holders", "gauge", "who keeps the column group on");
  for (const GroupView& view : facts.groups)
    out.sample({{"group", view.name}}, uint64_t{view.holders.size()});
  out.single("reload_failed_total", "counter", "reloads of runtime.conf that were refused",
             facts.reload.failed);
  out.single("reload_last_ok", "gauge", "0 when the last reload was refused",
             uint64_t{facts.reload.outcome.ok ? 1U : 0U});
}

void control_plane(Exposition& out, const MetricsFacts& facts) {
  out.family("mplane_jobs", "gauge", "specifications that are known, by state");
  for (size_t i = 0; i < facts.jobs.size(); ++i)
    out.sample({{"state", mplane::state_name(static_cast<mplane::JobState>(i))}}, facts.jobs[i]);
  if (facts.poller != nullptr) {
    const mplane::PollerCounters& poller = *facts.poller;
    out.single("mplane_registrations_total", "counter", "capabilities registered with the client",
               poller.registrations);
    out.single("mplane_polls_total", "counter", "polls for specifications", poller.polls);
    out.single("mplane_failures_total", "counter", "polls and posts that failed", poller.failures);
    out.single("mplane_delivered_total", "counter", "results and receipts that were delivered",
               poller.delivered);
    out.single("mplane_refused_links_total", "counter",
               "links to hosts that results may not be sent to", poller.refused_links);
  }
  const http::ServerCounters& server = facts.server;
  const auto count = [&](std::string_view name, std::string_view help,
                         const std::atomic<uint64_t>& value) {
    out.single(name, "counter", help, uint64_t{value.load(std::memory_order_relaxed)});
  };
  count("http_connections_total", "connections accepted", server.connections);
  count("http_requests_total", "requests answered", server.requests);
  count("http_refused_connections_total", "connections over a limit", server.refused_connections);
  count("http_failed_handshakes_total", "TLS handshakes without an accepted certificate",
        server.failed_handshakes);
  count("http_timed_out_total", "connections that were too slow", server.timed_out);
  count("http_bad_requests_total", "requests that were none", server.bad_requests);
  out.single("audit_failures_total", "counter", "lines that the audit log lost",
             facts.audit_failures);
}

void process(Exposition& out, const MetricsFacts& facts) {
  out.family("build_info", "gauge", "which program this is; always 1");
  out.sample({{"version", version()}, {"commit", commit()}}, uint64_t{1});
  out.single("start_time_seconds", "gauge", "start of the probe since 1970", facts.start_time_s);
  out.single("uptime_seconds", "gauge", "since the start", facts.figures.uptime_s);
  if (facts.figures.clock.us > 0)
    out.single("packet_clock_seconds", "gauge", "time of the current packet since 1970",
               static_cast<double>(facts.figures.clock.us) / 1e6);
  out.single("writer_errors", "gauge", "errors of the writer that last",
             uint64_t{facts.figures.writer_errors.size()});
  out.single("ready", "gauge", "what /readyz says", uint64_t{facts.ready ? 1U : 0U});
}

}  // namespace

std::string metrics_text(const MetricsFacts& facts) {
  const CounterValues total = facts.figures.total();
  Exposition out;
  counter_table(out, facts.figures);
  packet_reasons(out, total);
  ports(out, facts.figures);
  records(out, total);
  ledger(out, facts.figures, total);
  fill(out, facts.figures);
  output_room(out, facts.figures.output);
  settings(out, facts);
  control_plane(out, facts);
  process(out, facts);
  return std::move(out).text();
}

}  // namespace tapstat::control::rest
