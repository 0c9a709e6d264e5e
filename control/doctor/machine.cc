#include "control/doctor/machine.h"

#include <algorithm>

#include "control/text.h"

namespace tapstat::control::doctor {
namespace {

/// A list of the kernel has no number beyond this.
constexpr int kCpuMax = 1 << 16;

}  // namespace

const NetworkDevice* Machine::by_interface(const std::string& name) const {
  const auto found = std::ranges::find(devices, name, &NetworkDevice::interface);
  return name.empty() || found == devices.end() ? nullptr : &*found;
}

const NetworkDevice* Machine::by_pci(const std::string& address) const {
  const auto found = std::ranges::find(devices, address, &NetworkDevice::pci);
  return address.empty() || found == devices.end() ? nullptr : &*found;
}

const MemoryNode* Machine::node(int id) const {
  const auto found = std::ranges::find(nodes, id, &MemoryNode::id);
  return found == nodes.end() ? nullptr : &*found;
}

int Machine::node_of_cpu(int cpu) const {
  for (const MemoryNode& node : nodes)
    if (std::ranges::find(node.cpus, cpu) != node.cpus.end()) return node.id;
  return -1;
}

bool shares_with_kernel(const NetworkDevice& device) {
  return device.driver == "mlx5_core" || device.driver == "mlx4_core";
}

std::string cpu_list_text(const CpuList& cpus) {
  if (cpus.empty()) return "none";
  std::string text;
  for (size_t i = 0; i < cpus.size();) {
    size_t last = i;
    while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(cpus[i]);
    if (last > i) text += "-" + std::to_string(cpus[last]);
    i = last + 1;
  }
  return text;
}

CpuList parse_cpu_list(std::string_view text) {
  CpuList cpus;
  for (const std::string_view part : split(trim(text), ',')) {
    const size_t dash = part.find('-');
    const auto first = number<int>(part.substr(0, dash));
    const auto last = dash == part.npos ? first : number<int>(part.substr(dash + 1));
    if (!first || !last || *first < 0 || *last > kCpuMax) continue;
    for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  std::ranges::sort(cpus);
  return cpus;
}

std::string page_size_text(uint64_t bytes) {
  const bool is_large = bytes >= 1024 * kMib;
  return std::to_string(bytes / (is_large ? 1024 * kMib : kMib)) + (is_large ? " GiB" : " MiB");
}

std::string device_text(const NetworkDevice& device) {
  std::string text = device.name;
  if (!device.interface.empty()) text += (text.empty() ? "\"" : ", \"") + device.interface + "\"";
  return text;
}

}  // namespace tapstat::control::doctor
