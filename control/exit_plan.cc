#include "control/exit_plan.h"

#include <utility>

#include "control/config_networks.h"
#include "control/config_value.h"
#include "exporters/web100_names.h"

namespace tapstat::control {
namespace {

using flowstats::Duration;
using flowstats::ExitStatus;

template <class T>
struct Entry {
  std::string_view name;
  std::optional<T> ExitConfig::*target;
};

constexpr Entry<bool> kSwitches[] = {
    {"enabled", &ExitConfig::enabled},       {"per_local_address", &ExitConfig::per_local_address},
    {"heartbeat", &ExitConfig::heartbeat},   {"in_place", &ExitConfig::in_place},
    {"incomplete", &ExitConfig::incomplete}, {"expired", &ExitConfig::expired},
    {"unfinished", &ExitConfig::unfinished}, {"both_views", &ExitConfig::both_views},
};
constexpr Entry<Duration> kDurations[] = {
    {"linger", &ExitConfig::linger},
    {"idle", &ExitConfig::idle},
    {"half_closed_idle", &ExitConfig::half_closed_idle},
    {"rto_min", &ExitConfig::rto_min},
    {"grace", &ExitConfig::grace},
    {"flush", &ExitConfig::flush},
};
constexpr Entry<uint32_t> kCounts[] = {
    {"connections", &ExitConfig::connections},
    {"segments", &ExitConfig::segments},
};

void store_text(ExitConfig& config, std::string_view name, const std::string& text,
                const std::filesystem::path& directory) {
  for (const auto& [key, target] : kDurations)
    if (key == name) config.*target = parse_duration(text);
  if (name == "directory") config.directory = (directory / text).lexically_normal();
  if (name == "node") config.node = text;
  if (name == "rtt_scope") config.rtt_of_both_halves = text == "sum";
  if (name == "size_max") config.size_max = parse_size(text);
}

}  // namespace

std::string store_exit(ExitConfig& config, std::string_view name, const toml::node& node,
                       const std::filesystem::path& directory) {
  if (node.is_string()) store_text(config, name, node.as_string()->get(), directory);
  for (const auto& [key, target] : kSwitches)
    if (key == name) config.*target = node.as_boolean()->get();
  for (const auto& [key, target] : kCounts)
    if (key == name) config.*target = static_cast<uint32_t>(node.as_integer()->get());
  if (name == "exclude") return store_networks(config.exclude, *node.as_array());
  if (name == "keys") {
    config.keys.emplace();
    for (const toml::node& key : *node.as_array()) config.keys->push_back(key.as_string()->get());
  }
  return "";
}

flowstats::Result<ExitPlan> plan_exit_records(const ExitConfig& config, uint32_t flows_max) {
  ExitPlan plan;
  flowstats::ExitRecords& m = plan.measurement;
  m.enabled = true;
  m.connections_max = config.connections.value_or(flows_max);
  take(m.segments_max, config.segments);
  take(m.linger, config.linger);
  take(m.idle_max, config.idle);
  take(m.half_closed_idle_max, config.half_closed_idle);
  take(m.rto_min, config.rto_min);
  take(m.incomplete, config.incomplete);
  take(m.expired, config.expired);
  take(m.unfinished, config.unfinished);
  take(m.both_views, config.both_views);
  take(m.rtt_of_both_halves, config.rtt_of_both_halves);
  exporters::Web100Options& f = plan.files;
  f.node = config.node.value_or(exporters::default_node());
  if (auto good = exporters::check_node(f.node); !good)
    return flowstats::fail(ExitStatus::usage, "[output.web100] node: " + good.error().sentence);
  if (config.keys) {
    std::string list;
    for (const std::string& key : *config.keys) list += (list.empty() ? "" : " ") + key;
    auto keys = exporters::Web100Keys::read(list);
    if (!keys)
      return flowstats::fail(ExitStatus::usage, "[output.web100] keys: " + keys.error().sentence);
    f.keys = std::move(*keys);
  }
  f.root = config.directory.value_or(std::filesystem::path{});
  take(f.exclude, config.exclude);
  take(f.per_local_address, config.per_local_address);
  take(f.heartbeat_files, config.heartbeat);
  take(f.in_place, config.in_place);
  take(f.grace, config.grace);
  take(f.flush, config.flush);
  take(f.file_bytes_max, config.size_max);
  return plan;
}

}  // namespace tapstat::control
