#include "control/ports_config_store.h"

#include <algorithm>

namespace tapstat::control {

std::string store_port(std::vector<PortConfig>& ports, const std::string& port,
                       std::string_view name, const toml::node& node,
                       const std::filesystem::path& file) {
  auto at = std::ranges::find(ports, port, &PortConfig::name);
  if (at == ports.end()) {
    at = ports.emplace(ports.end());
    at->name = port;
  }
  if (name == "kernel") at->kernel = node.as_boolean()->get();
  if (name == "device") at->device = node.as_string()->get();
  if (name == "queues") at->queues = static_cast<uint32_t>(node.as_integer()->get());
  if (name == "cores") {
    at->cores_text = node.as_string()->get();
    at->cores = parse_cores(at->cores_text);
    at->cores_place = file.string() + ":" + std::to_string(node.source().begin.line);
    if (at->cores.empty()) return "not a list of cores. Examples: \"4-7\", \"0,2,4\".";
  }
  if (at->kernel && at->device) return "a port has \"kernel\" or \"device\", not both.";
  return "";
}

std::string store_run(RunConfig& config, std::string_view name, const toml::node& node) {
  if (name == "snaplen") config.snap_bytes = static_cast<uint32_t>(node.as_integer()->get());
  if (name == "user") config.user = node.as_string()->get();
  if (name == "on_device_removed") config.stop_when_removed = node.as_string()->get() == "stop";
  return "";
}

}  // namespace tapstat::control
