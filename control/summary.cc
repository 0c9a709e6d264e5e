#include "control/summary.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>

#include "control/build_info.h"
#include "control/json_text.h"
#include "control/ledger_json.h"
#include "control/option_values.h"

namespace tapstat::control {
namespace {

using flowstats::Counter;

void time_or_null(JsonText& json, std::string_view name,
                  const std::optional<flowstats::Timestamp>& time) {
  json.key(name);
  if (time)
    json.number(time->us);
  else
    json.null();
}

void text_or_null(JsonText& json, std::string_view name, const std::optional<std::string>& text) {
  json.key(name);
  if (text)
    json.text(as_utf8(*text));
  else
    json.null();
}

void inputs(JsonText& json, const RunResult& r) {
  json.key("inputs").array();
  for (const InputFacts& input : r.inputs) {
    json.object();
    json.key("file").text(as_utf8(input.name.string()));
    json.key("format").text(input.format);
    json.key("link_type").text(input.link_type);
    json.key("packets").number(input.packets);
    json.key("bytes").number(input.bytes);
    json.key("wire_bytes").number(input.wire_bytes);
    json.key("snapped_packets").number(input.snapped_packets);
    time_or_null(json, "first_us", input.first);
    time_or_null(json, "last_us", input.last);
    text_or_null(json, "damage", input.damage);
    text_or_null(json, "error", input.error);
    json.end_object();
  }
  json.end_array();
}

void counters(JsonText& json, const RunResult& r) {
  json.key("counters").object();
  for (size_t i = 0; i < flowstats::kCounterCount; ++i)
    json.key(flowstats::kCounterTable[i].name).number(r.counters.value[i]);
  json.end_object();
}

void outputs(JsonText& json, const RunResult& r) {
  json.key("output").object();
  json.key("directories").array();
  for (const auto& directory : r.writer.directories) json.text(as_utf8(directory.string()));
  json.end_array();
  json.key("spooled").array();
  for (const auto& directory : r.writer.spooled) json.text(as_utf8(directory.string()));
  json.end_array();
  json.key("files").number(r.writer.files);
  json.key("bytes").number(r.writer.bytes);
  json.key("rows").object();
  for (const auto& [log, name, bit] : flowstats::kLogs)
    json.key(name).number(r.counters[row_counter(log, flowstats::RowFate::written)]);
  json.end_object();
  json.key("traces").array();
  for (const auto& trace : r.traces.files) json.text(as_utf8(trace.string()));
  json.end_array();
  json.key("errors").array();
  for (const auto& errors : {r.writer.errors, r.traces.errors})
    for (const std::string& error : errors) json.text(as_utf8(error));
  json.end_array();
  json.end_object();
}

void rates(JsonText& json, const RunResult& r) {
  const double wall = std::max(r.wall_s, 1e-6);
  json.key("start_ms").number(r.start_s * 1e3);
  json.key("wall_s").number(r.wall_s);
  json.key("traffic_s").number(r.traffic_s);
  json.key("packets_per_s").number(static_cast<double>(r.counters[Counter::rx_packets]) / wall);
  json.key("bits_per_s").number(r.bits_received() / wall);
}

void memory(JsonText& json, const RunResult& r) {
  json.key("memory").object();
  json.key("page_bytes").object();
  for (const auto& [name, kind] : {std::pair{"hugetlb_1g", flowstats::PageKind::hugetlb_1g},
                                   std::pair{"hugetlb_2m", flowstats::PageKind::hugetlb_2m},
                                   std::pair{"transparent", flowstats::PageKind::transparent},
                                   std::pair{"ordinary", flowstats::PageKind::ordinary}})
    json.key(name).number(uint64_t{r.memory.pages.of(kind)});
  json.end_object();
  json.key("touched").boolean(r.memory.touched);
  json.key("touch_ms").number(r.memory.touch_s * 1e3);
  json.end_object();
}

}  // namespace

std::string as_utf8(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const size_t length = lead < 0x80                   ? 1
                          : lead >= 0xc2 && lead < 0xe0 ? 2
                          : lead >= 0xe0 && lead < 0xf0 ? 3
                          : lead >= 0xf0 && lead < 0xf5 ? 4
                                                        : 0;
    bool whole = length > 0 && i + length <= bytes.size();
    for (size_t k = 1; whole && k < length; ++k)
      whole = (static_cast<unsigned char>(bytes[i + k]) & 0xc0) == 0x80;
    out += whole ? std::string(bytes.substr(i, length)) : std::string("\xef\xbf\xbd");
    i += whole ? length : 1;
  }
  return out;
}

std::string summary_json(const RunResult& r, const Ledger& ledger, int exit_status) {
  JsonText json;
  json.object();
  json.key("program").text("tapstat");
  json.key("version").text(version());
  json.key("commit").text(commit());
  json.key("dpdk").text(r.dpdk_version);
  json.key("source").text(r.source);
  json.key("mode").text(mode_name(r.mode));
  json.key("schema").text(schema_name(r.schema));
  json.key("groups").array();
  for (const std::string& group : group_names(r.groups)) json.text(group);
  json.end_array();
  json.key("workers").number(uint64_t{r.workers});
  json.key("loops").number(r.loops);
  json.key("interrupted").boolean(r.interrupted);
  json.key("exit_status").number(int64_t{exit_status});
  inputs(json, r);
  outputs(json, r);
  rates(json, r);
  json.key("memory_ceiling_bytes").number(r.memory.ceiling_bytes);
  memory(json, r);
  json.key("flows_open").number(r.flows_open);
  json.key("packets_lost").number(ledger.packets_lost());
  json.key("packets_lost_percent").number(ledger.packets_lost_percent());
  json.key("flows_refused").number(ledger.flows_refused);
  json.key("records_lost").number(ledger.records_lost());
  json.key("difference_is_zero").boolean(ledger.closes());
  counters(json, r);
  write_equations(json, ledger);
  json.end_object();
  return json.str();
}

std::string counters_json(const RunResult& r, const Ledger& ledger) {
  JsonText json;
  json.object();
  counters(json, r);
  json.key("flows_open").number(r.flows_open);
  write_equations(json, ledger);
  json.end_object();
  return json.str();
}

flowstats::Result<void> write_file(const std::filesystem::path& path, const std::string& text) {
  const std::filesystem::path part = path.string() + ".part";
  errno = 0;
  std::ofstream stream(part, std::ios::binary | std::ios::trunc);
  stream << text << '\n';
  stream.close();
  const int reason = errno;
  std::error_code error;
  if (stream) std::filesystem::rename(part, path, error);
  if (stream && !error) return {};
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  return flowstats::fail(flowstats::ExitStatus::records_lost,
                         "cannot write \"" + path.string() +
                             "\": " + (error ? error.message() : std::strerror(reason)) + ".");
}

}  // namespace tapstat::control
