#include "control/doctor/setup_plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "control/doctor/device_findings.h"
#include "control/doctor/device_reader.h"
#include "control/number_text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control::doctor {
namespace {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

constexpr const char* kLoadVfio = "modprobe vfio-pci";
constexpr const char* kPciDevices = "/sys/bus/pci/devices/";

/// Memory nodes of PCI network devices; node 0 when there are none, or the machine does not say.
std::vector<int> nodes_of_devices(const Machine& machine) {
  std::vector<int> nodes;
  for (const NetworkDevice& device : machine.devices)
    if (!device.pci.empty()) nodes.push_back(std::max(device.node, 0));
  if (nodes.empty()) nodes.push_back(0);
  std::ranges::sort(nodes);
  nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
  return nodes;
}

std::string node_ids(const Machine& machine) {
  CpuList ids;
  for (const MemoryNode& node : machine.nodes) ids.push_back(node.id);
  return cpu_list_text(ids);
}

Result<void> add_pages(const Machine& machine, int id, uint64_t bytes, SetupPlan& plan) {
  const MemoryNode* const node = machine.node(id);
  if (node == nullptr)
    return fail(ExitStatus::usage, fmt::format("--node {}: this machine has the NUMA nodes {}.", id,
                                               node_ids(machine)));
  const auto count = std::ranges::find(node->pages, kSmallHugePage, &HugePageCount::page_bytes);
  if (count == node->pages.end())
    return fail(ExitStatus::environment,
                fmt::format("this kernel has no hugepages of 2 MiB on NUMA node {}.", id));
  if (bytes > node->bytes)
    return fail(ExitStatus::environment,
                fmt::format("--hugepages {} MiB: NUMA node {} has {} of memory.", bytes / kMib, id,
                            memory_text(node->bytes)));
  const uint64_t wanted = (bytes + kSmallHugePage - 1) / kSmallHugePage;
  if (count->free >= wanted) {
    plan.notes.push_back(fmt::format("NUMA node {}: {} of hugepages are free already.", id,
                                     memory_text(count->free * kSmallHugePage)));
    return {};
  }
  const uint64_t total = count->total - std::min(count->total, count->free) + wanted;
  SetupStep step;
  step.why =
      fmt::format("NUMA node {}: {} hugepages of 2 MiB instead of {}, so that {} MiB are free", id,
                  total, count->total, wanted * kSmallHugePage / kMib);
  const std::string path = node->pages_directory.string() + "/hugepages-2048kB/nr_hugepages";
  step.change = {path, std::to_string(total)};
  step.undo = {path, std::to_string(count->total)};
  step.at_least = total;
  plan.steps.push_back(std::move(step));
  return {};
}

void add_vfio_driver(const Machine& machine, SetupPlan& plan) {
  if (machine.vfio.has_driver) return;
  SetupStep step;
  step.why = "the driver that hands devices to user space; modprobe -r vfio-pci takes it back";
  step.program = kLoadVfio;
  plan.steps.push_back(std::move(step));
}

/// The device that a person means, with the domain 0000 when none was given.
Result<const NetworkDevice*> device_of(const Machine& machine, const std::string& typed) {
  const std::string address = is_pci_address("0000:" + typed) ? "0000:" + typed : typed;
  if (const NetworkDevice* const device = machine.by_pci(address)) return device;
  std::vector<std::string> addresses;
  for (const NetworkDevice& device : machine.devices)
    if (!device.pci.empty()) addresses.push_back(device.pci);
  return fail(ExitStatus::usage, "--bind \"" + typed +
                                     "\": no PCI network device has this address." +
                                     flowstats::did_you_mean(address, addresses));
}

/// May this device go to vfio-pci?
Result<void> check_binding(const Machine& machine, const NetworkDevice& device, bool force) {
  if (shares_with_kernel(device))
    return fail(ExitStatus::environment, device.pci + " (" + device_text(device) +
                                             ") works beside its kernel driver " + device.driver +
                                             " and must keep it.");
  if (device.has_default_route && !force)
    return fail(ExitStatus::environment,
                "\"" + device.interface + "\" carries the default route: binding " + device.pci +
                    " would cut this machine off. Add --force if you reach it another way.");
  if (!machine.vfio.is_iommu_on && !machine.vfio.is_without_iommu)
    return fail(ExitStatus::environment, std::string("vfio-pci cannot take ") + device.pci +
                                             ": no IOMMU. To have one: " + kIommuRepair + ".");
  return {};
}

void add_binding(const NetworkDevice& device, SetupPlan& plan) {
  const std::string path = kPciDevices + device.pci;
  const std::string probe = "/sys/bus/pci/drivers_probe";
  if (!device.driver.empty()) {
    SetupStep unbind;
    unbind.why = fmt::format("{} ({}) leaves its kernel driver {}{}", device.pci,
                             device_text(device), device.driver,
                             device.interface.empty() ? "" : " and vanishes from \"ip link\"");
    unbind.change = {path + "/driver/unbind", device.pci};
    unbind.undo = {probe, device.pci};
    plan.steps.push_back(std::move(unbind));
  }
  SetupStep prefer;
  prefer.why = device.pci + " prefers vfio-pci";
  prefer.change = {path + "/driver_override", "vfio-pci"};
  prefer.undo = {path + "/driver_override", ""};
  plan.steps.push_back(std::move(prefer));
  SetupStep bind;
  bind.why = device.pci + " gets its driver";
  bind.change = {probe, device.pci};
  bind.undo = {path + "/driver/unbind", device.pci};
  bind.driver_link = path + "/driver";
  plan.steps.push_back(std::move(bind));
  for (const std::string& other : device.group_members)
    plan.notes.push_back(fmt::format("{} is in the same IOMMU group {}: vfio-pci needs it as well.",
                                     other, device.iommu_group));
}

Result<void> add_bindings(const Machine& machine, const SetupWishes& wishes, SetupPlan& plan) {
  for (const std::string& typed : wishes.bind) {
    const auto device = device_of(machine, typed);
    if (!device) return tl::make_unexpected(device.error());
    if ((*device)->is_bound_to_vfio()) {
      plan.notes.push_back((*device)->pci + " is bound to vfio-pci already.");
      continue;
    }
    if (auto allowed = check_binding(machine, **device, wishes.force); !allowed) return allowed;
    add_binding(**device, plan);
  }
  return {};
}

/// What nobody asked for in particular.
uint64_t default_bytes(const Machine& machine, int id) {
  const MemoryNode* const node = machine.node(id);
  const uint64_t quarter = node == nullptr ? 0 : node->free_bytes / 4;
  return std::min(kDefaultHugeBytes, quarter);
}

}  // namespace

Result<SetupPlan> plan_setup(const Machine& machine, const SetupWishes& wishes) {
  SetupPlan plan;
  const bool is_default = !wishes.hugepage_bytes && wishes.bind.empty();
  const std::vector<int> nodes =
      wishes.node ? std::vector<int>{*wishes.node} : nodes_of_devices(machine);
  if (wishes.hugepage_bytes || is_default)
    for (const int id : nodes) {
      const uint64_t bytes =
          wishes.hugepage_bytes ? *wishes.hugepage_bytes : default_bytes(machine, id);
      if (const auto added = add_pages(machine, id, bytes, plan); !added)
        return tl::make_unexpected(added.error());
    }
  if (!wishes.bind.empty() || (is_default && machine.vfio.is_iommu_on))
    add_vfio_driver(machine, plan);
  if (const auto added = add_bindings(machine, wishes, plan); !added)
    return tl::make_unexpected(added.error());
  return plan;
}

std::string shell_line(const KernelWrite& write) {
  return "echo " + (write.value.empty() ? "\"\"" : write.value) + " > " + write.path;
}

std::vector<std::string> plan_lines(const SetupPlan& plan) {
  std::vector<std::string> lines;
  for (const SetupStep& step : plan.steps) {
    lines.push_back("# " + step.why);
    lines.push_back(step.program.empty() ? shell_line(step.change) : step.program);
    if (step.program.empty()) lines.push_back("#   undo: " + shell_line(step.undo));
  }
  return lines;
}

}  // namespace tapstat::control::doctor
