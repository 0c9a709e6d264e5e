#include "control/config_store.h"

#include <utility>

#include "control/config_value.h"
#include "control/control_config_store.h"
#include "control/exit_plan.h"
#include "control/full_output.h"
#include "control/option_values.h"
#include "control/ports_config_store.h"
#include "control/privacy_config_store.h"
#include "control/trace_plan.h"

namespace tapstat::control {
namespace {

using flowstats::Duration;

uint32_t whole(const toml::node& node) { return static_cast<uint32_t>(node.as_integer()->get()); }

std::string joined(const toml::node& node) {
  std::string out;
  for (const toml::node& element : *node.as_array())
    out += (out.empty() ? "" : ",") + element.as_string()->get();
  return out.empty() ? "none" : out;
}

void store_memory(Config& c, std::string_view name, const toml::node& node) {
  if (name == "record_ring") c.record_ring = whole(node);
  if (!node.is_string()) return;
  const std::string& word = node.as_string()->get();
  if (name == "hugepages")
    c.huge_pages = word == "required" ? HugePages::required
                   : word == "none"   ? HugePages::none
                                      : HugePages::automatic;
  if (name == "touch")
    c.touch = word == "always"  ? TouchMemory::always
              : word == "never" ? TouchMemory::never
                                : TouchMemory::automatic;
}

void store_flows(Config& c, std::string_view name, const toml::node& node) {
  const std::pair<std::string_view, std::optional<uint32_t>*> counts[] = {
      {"capacity", &c.flow_capacity},
      {"half_open", &c.half_open},
      {"udp_pairs", &c.udp_pairs},
      {"max_new_per_s", &c.max_new_per_s},
      {"names", &c.name_entries},
      {"slot_search", &c.slot_search},
      {"segments_per_quadrant", &c.segments_per_quadrant},
      {"segment_records", &c.segment_records}};
  const std::pair<std::string_view, std::optional<Duration>*> times[] = {
      {"tcp_idle", &c.tcp_idle},
      {"tcp_singleton", &c.tcp_singleton},
      {"udp_idle", &c.udp_idle},
      {"udp_singleton", &c.udp_singleton}};
  for (const auto& [key, target] : counts)
    if (key == name) *target = whole(node);
  for (const auto& [key, target] : times)
    if (key == name) *target = parse_duration(node.as_string()->get());
}

/// Sections with few keys.
void store_other(Config& c, const ConfigKey& key, const toml::node& node,
                 const std::filesystem::path& directory) {
  const auto path = [&] { return (directory / node.as_string()->get()).lexically_normal(); };
  if (key.name == "internal") c.internal = path();
  if (key.name == "directory") c.directory = path();
  if (key.name == "mode") c.mode = parse_mode(node.as_string()->get()).value();
  if (key.name == "source") c.source = parse_source(node.as_string()->get()).value();
  if (key.name == "schema") c.schema = parse_schema(node.as_string()->get()).value();
  if (key.name == "duplicate_window") c.duplicate_window = parse_duration(node.as_string()->get());
  if (key.name == "rotate") c.rotate = parse_duration(node.as_string()->get());
  if (key.name == "compress") c.gzip = node.as_string()->get() == "gzip";
  if (key.name == "payload") c.payload = node.as_boolean()->get();
  if (key.name == "names") c.names = node.as_boolean()->get();
  if (key.name == "http_url") c.http_url = whole(node);
  if (key.name == "interval") c.log_interval = parse_duration(node.as_string()->get());
  if (key.name == "logs") c.logs = parse_logs(joined(node)).value_or(flowstats::LogMask{});
}

}  // namespace

std::string store_setting(Config& config, const ConfigKey& key, const toml::node& node,
                          const std::filesystem::path& directory) {
  if (key.section == "privacy") return store_privacy(config.privacy, key.name, node, directory);
  if (key.section == "run") return store_run(config.run, key.name, node);
  if (key.section == "output.web100")
    return store_exit(config.exit_records, key.name, node, directory);
  if (key.section == "output.trace") {
    store_trace(config.trace, key.name, node, directory);
    return "";
  }
  if (key.section == "flows")
    store_flows(config, key.name, node);
  else if (key.section == "memory")
    store_memory(config, key.name, node);
  else if (key.section == "control" || key.section == "mplane")
    store_control(config.control, key.name, node, directory);
  else
    store_other(config, key, node, directory);
  if (key.section == "output.tstat")
    store_full_output(config.full_output, key.name, node, directory);
  if (key.name != "groups") return "";
  const auto groups = parse_groups(joined(node));
  if (!groups) return groups.error();
  config.groups = *groups;
  return "";
}

}  // namespace tapstat::control
