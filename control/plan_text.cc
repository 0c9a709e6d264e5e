#include "control/plan_text.h"

#include "control/build_info.h"
#include "control/json_text.h"
#include "control/number_text.h"
#include "control/option_values.h"
#include "control/privacy.h"
#include "dataplane/eal.h"
#include "flowstats/columns/layouts.h"

namespace tapstat::control {
namespace {

std::vector<std::string> log_names(const flowstats::ActiveConfig& config) {
  std::vector<std::string> names;
  for (const flowstats::LogSpec& log : flowstats::kLogs)
    if (config.logs.has(log.log)) names.emplace_back(log.name);
  return names;
}

std::string spaced(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string input_line(const InputFacts& f) {
  std::string line = "input   " + f.name.string() + ": " + f.format + ", " + f.link_type + ", " +
                     grouped(f.packets) + (f.packets == 1 ? " packet, " : " packets, ") +
                     file_size_text(f.bytes);
  if (f.first && f.last) {
    const auto length = *f.last > *f.first ? *f.last - *f.first : flowstats::Duration{};
    line += ", " + seconds_text(static_cast<double>(length.us) / 1e6) + " of traffic";
  }
  if (f.snapped_packets > 0) line += ", " + grouped(f.snapped_packets) + " cut by the snap length";
  return line;
}

std::string port_line(const dataplane::PortRequest& port) {
  constexpr std::string_view kKinds[] = {"interface of the kernel", "NIC by PCI address",
                                         "DPDK's virtual device"};
  return "port    " + port.name + (port.device == port.name ? "" : " = " + port.device) + ": " +
         std::string(kKinds[static_cast<size_t>(port.kind)]);
}

/// Nothing about the usual way.
std::string source_line(dataplane::ReaderKind source) {
  switch (source) {
    case dataplane::ReaderKind::dpdk: break;
    case dataplane::ReaderKind::file: return "source  file: read directly, not through DPDK's port";
    case dataplane::ReaderKind::preloaded:
      return "source  preloaded: read into memory before the start";
  }
  return "";
}

}  // namespace

std::vector<std::string> plan_lines(const MeasurePlan& plan, const Inputs& inputs) {
  const unsigned workers = plan.pipeline.workers;
  std::vector<std::string> lines = {"tapstat " + std::string(version()) + ", DPDK " +
                                    dataplane::dpdk_version() + ", " + std::to_string(workers) +
                                    (workers == 1 ? " worker" : " workers")};
  for (const InputFacts& facts : inputs.facts)
    if (!facts.error) lines.push_back(input_line(facts));
  for (const dataplane::PortRequest& port : plan.ports) lines.push_back(port_line(port));
  if (const std::string line = source_line(plan.reader); !line.empty()) lines.push_back(line);
  const auto logs = log_names(plan.config);
  lines.push_back("output  " + plan.writer.base.string() + ": " +
                  (logs.empty() ? "no logs" : spaced(logs)) + (plan.writer.gzip ? " (gzip)" : ""));
  if (plan.writer.full.what == exporters::WhenFull::spool)
    lines.push_back("spool   " + plan.writer.full.spool.string() +
                    ": when the output is full, at most " +
                    memory_text(plan.writer.full.spool_bytes_max));
  lines.push_back("groups  " + spaced(group_names(plan.config.groups)) + "      (schema " +
                  std::string(schema_name(plan.writer.schema)) + ", mode " +
                  std::string(mode_name(plan.pipeline.measurement.mode)) + ")");
  if (plan.writer.exit_records)
    lines.push_back("exits   " + plan.writer.exit_records->root.string() +
                    ": web100 exit records, in SideStream/");
  if (plan.trace)
    lines.push_back("traces  " + plan.trace->destination.root.string() + ": " +
                    plan.trace->destination.recipe.filter);
  if (plan.writer.anonymiser)
    lines.push_back("privacy " + privacy_text(*plan.writer.anonymiser) +
                    (plan.key_is_new ? " (a new key)" : ""));
  return lines;
}

std::string plan_json(const MeasurePlan& plan, const Inputs& inputs) {
  JsonText json;
  json.object();
  json.key("plan").object();
  json.key("version").text(version());
  json.key("workers").number(uint64_t{plan.pipeline.workers});
  json.key("source").text(plan.ports.empty() ? source_name(plan.reader) : "live");
  json.key("mode").text(mode_name(plan.pipeline.measurement.mode));
  json.key("schema").text(schema_name(plan.writer.schema));
  json.key("output").text(as_utf8(plan.writer.base.string()));
  json.key("gzip").boolean(plan.writer.gzip);
  if (plan.trace) {
    json.key("traces").text(as_utf8(plan.trace->destination.root.string()));
    json.key("trace_filter").text(as_utf8(plan.trace->destination.recipe.filter));
  }
  if (const auto& privacy = plan.writer.anonymiser) {
    json.key("anonymised").boolean(privacy->replaces_addresses());
    json.key("names").text(name_treatment_text(privacy->names));
  }
  json.key("logs").array();
  for (const std::string& name : log_names(plan.config)) json.text(name);
  json.end_array();
  json.key("groups").array();
  for (const std::string& name : group_names(plan.config.groups)) json.text(name);
  json.end_array();
  json.key("ports").array();
  for (const dataplane::PortRequest& port : plan.ports) json.text(as_utf8(port.device));
  json.end_array();
  json.key("inputs").array();
  for (const InputFacts& facts : inputs.facts) {
    json.object();
    json.key("file").text(as_utf8(facts.name.string()));
    json.key("packets").number(facts.packets);
    json.key("readable").boolean(!facts.error);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.end_object();
  return json.str();
}

}  // namespace tapstat::control
