#include "control/rest/documents.h"

#include "control/build_info.h"
#include "control/json_text.h"
#include "control/ledger_json.h"
#include "control/utc_text.h"
#include "flowstats/base/counters.h"

namespace tapstat::control::rest {
namespace {

using flowstats::Counter;
using flowstats::CounterValues;

void texts(JsonText& json, std::string_view name, const std::vector<std::string>& values) {
  json.key(name).array();
  for (const std::string& value : values) json.text(as_utf8(value));
  json.end_array();
}

/// 0 and the open end are no moments.
void moment(JsonText& json, std::string_view name, UtcMicroseconds time) {
  json.key(name);
  if (time <= 0 || time == mplane::kOpenEnd)
    json.null();
  else
    json.text(utc_text(time));
}

void workers(JsonText& json, const ProbeFigures& figures) {
  json.key("workers").array();
  for (const WorkerFigures& w : figures.workers) {
    json.object();
    json.key("packets").number(w.counters[Counter::analysed_packets]);
    json.key("flows_open").number(w.flows_open);
    json.key("queue").number(w.records_queued);
    json.key("queue_size").number(w.record_ring);
    json.end_object();
  }
  json.end_array();
}

void ports(JsonText& json, const ProbeFigures& figures) {
  json.key("ports").array();
  for (const dataplane::PortFigures& port : figures.ports) {
    json.object();
    json.key("name").text(as_utf8(port.name));
    json.key("device").text(as_utf8(port.device));
    json.key("driver").text(as_utf8(port.driver));
    json.key("state").text(!port.is_present ? "removed" : port.is_up ? "up" : "down");
    json.key("queues").number(uint64_t{port.queues});
    json.key("speed_mbps").number(port.speed_mbps);
    json.key("packets").number(port.packets);
    json.key("missed").number(port.missed);
    json.key("errors").number(port.errors);
    json.key("no_buffer").number(port.no_buffer);
    json.end_object();
  }
  json.end_array();
}

void totals(JsonText& json, const ProbeFigures& figures) {
  const CounterValues total = figures.total();
  const Ledger ledger = make_ledger(total, {figures.flows_open(), udp_flows_open(total)});
  json.key("packets").object();
  json.key("received").number(ledger.packets.whole.value);
  json.key("analysed").number(total[Counter::analysed_packets]);
  json.key("lost").number(ledger.packets_lost());
  json.end_object();
  json.key("losses").array();
  for (const Equation* equation : ledger.equations())
    for (const LedgerTerm& part : equation->parts) {
      if (!part.loss || part.value == 0) continue;
      json.object();
      json.key("counter").text(part.name);
      json.key("unit").text(equation->unit);
      json.key("count").number(part.value);
      json.end_object();
    }
  json.end_array();
  json.key("flows").object();
  json.key("open").number(figures.flows_open());
  json.key("created").number(total[Counter::flows_created]);
  json.key("capacity").number(figures.flow_capacity);
  json.end_object();
  json.key("rows").object();
  json.key("written").number(rows_written(total));
  json.key("lost").number(ledger.records_lost());
  json.end_object();
}

void output(JsonText& json, const ProbeFigures& figures) {
  const CounterValues total = figures.total();
  json.key("output").object();
  json.key("size_bytes").number(figures.output.size_bytes);
  json.key("free_bytes").number(figures.output.free_bytes);
  json.key("nearly_full").boolean(figures.output.is_short());
  json.key("spool_bytes").number(figures.output.spool_bytes);
  json.key("rows_spooled").number(total[Counter::rows_spooled]);
  json.end_object();
}

void rates(JsonText& json, const Rates& rates) {
  json.key("rates").object();
  json.key("packets_per_s").number(rates.packets_per_s);
  json.key("bits_per_s").number(rates.bits_per_s);
  json.key("flows_per_s").number(rates.flows_per_s);
  json.key("rows_per_s").number(rates.rows_per_s);
  json.end_object();
}

std::string_view group_name(std::span<const GroupView> groups, flowstats::Group group) {
  for (const GroupView& view : groups)
    if (view.group == group) return view.name;
  return "";
}

void job(JsonText& json, const mplane::Job& job, std::string_view group,
         std::optional<uint64_t> rows) {
  json.object();
  json.key("token").text(as_utf8(job.specification.token.value_or("")));
  json.key("owner").text(as_utf8(job.owner));
  json.key("capability").text(as_utf8(job.specification.label.value_or("")));
  json.key("group").text(group);
  json.key("when").text(as_utf8(job.when));
  json.key("state").text(mplane::state_name(job.state));
  json.key("planned").object();
  moment(json, "start", job.start);
  moment(json, "end", job.end);
  json.end_object();
  json.key("real").object();
  moment(json, "on", job.on_at);
  moment(json, "off", job.off_at);
  json.end_object();
  json.key("epochs").object();
  json.key("first").number(uint64_t{job.first_epoch});
  json.key("end").number(uint64_t{job.end_epoch});
  json.end_object();
  json.key("rows");
  if (rows)
    json.number(*rows);
  else
    json.null();
  json.key("failure").text(as_utf8(job.failure));
  json.end_object();
}

}  // namespace

std::string status_json(const StatusFacts& facts) {
  const ProbeFigures& figures = facts.figures;
  JsonText json;
  json.object();
  json.key("state").text(figures.ending ? "ending" : "running");
  json.key("version").text(version());
  json.key("command").text(figures.command);
  json.key("mode").text(figures.mode);
  json.key("schema").text(figures.schema);
  json.key("source").text(as_utf8(figures.source));
  json.key("uptime_s").number(figures.uptime_s);
  moment(json, "clock", figures.clock.us);
  totals(json, figures);
  rates(json, facts.rates);
  json.key("epoch").number(uint64_t{figures.epoch_published});
  json.key("written_epoch").number(uint64_t{figures.epoch_written});
  json.key("directory").text(as_utf8(figures.directory.string()));
  output(json, figures);
  ports(json, figures);
  workers(json, figures);
  json.key("jobs").object();
  json.key("running").number(facts.jobs_running);
  json.key("pending").number(facts.jobs_pending);
  json.end_object();
  texts(json, "reasons", facts.reasons);
  json.end_object();
  return json.str();
}

std::string readiness_json(const std::vector<std::string>& reasons) {
  JsonText json;
  json.object();
  json.key("ready").boolean(reasons.empty());
  texts(json, "reasons", reasons);
  json.end_object();
  return json.str();
}

std::string counters_json(const ProbeFigures& figures) {
  const CounterValues total = figures.total();
  JsonText json;
  json.object();
  json.key("counters").array();
  for (size_t i = 0; i < flowstats::kCounterCount; ++i) {
    const flowstats::CounterSpec& spec = flowstats::kCounterTable[i];
    json.object();
    json.key("name").text(spec.name);
    json.key("unit").text(spec.unit);
    json.key("help").text(spec.help);
    json.key("value").number(total.value[i]);
    json.key("workers").array();
    for (const WorkerFigures& w : figures.workers) json.number(w.counters.value[i]);
    json.end_array();
    json.key("dispatcher").number(figures.dispatcher.value[i]);
    json.key("writer").number(figures.writer.value[i]);
    json.end_object();
  }
  json.end_array();
  write_equations(json, make_ledger(total, {figures.flows_open(), udp_flows_open(total)}));
  json.end_object();
  return json.str();
}

std::string config_json(std::span<const ConfigOrigin> values) {
  JsonText json;
  json.object();
  json.key("values").array();
  for (const ConfigOrigin& value : values) {
    json.object();
    json.key("section").text(as_utf8(value.section));
    json.key("key").text(as_utf8(value.key));
    json.key("value").text(as_utf8(value.value));
    json.key("origin").text(as_utf8(value.origin));
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json.str();
}

std::string specifications_json(
    const std::list<mplane::Job>& jobs, std::span<const GroupView> groups,
    const std::function<std::optional<uint64_t>(const mplane::Job&)>& rows) {
  JsonText json;
  json.object();
  json.key("specifications").array();
  for (const mplane::Job& one : jobs) job(json, one, group_name(groups, one.group), rows(one));
  json.end_array();
  json.end_object();
  return json.str();
}

std::string directory_json(const std::filesystem::path& directory) {
  JsonText json;
  json.object();
  json.key("directory").text(as_utf8(directory.string()));
  json.end_object();
  return json.str();
}

std::string reload_json(const ReloadOutcome& outcome, uint32_t epoch) {
  JsonText json;
  json.object();
  json.key("changed").boolean(outcome.changed);
  json.key("epoch").number(uint64_t{epoch});
  texts(json, "notes", outcome.notes);
  json.end_object();
  return json.str();
}

}  // namespace tapstat::control::rest
