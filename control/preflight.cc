#include "control/preflight.h"

#include <linux/capability.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "control/doctor/device_findings.h"
#include "control/doctor/findings.h"
#include "control/number_text.h"
#include "flowstats/base/nearest.h"

namespace tapstat::control {
namespace {

using doctor::CpuList;
using doctor::HugePageCount;
using doctor::kMib;
using doctor::Machine;
using doctor::MemoryNode;
using doctor::NetworkDevice;
using flowstats::ExitStatus;

/// A page count is asked for in steps of this many bytes: people remember 1400M.
constexpr uint64_t kAskedStep = 100 * kMib;

/// The node that serves a device; node 0 when the machine does not say.
int node_of(const NetworkDevice& device) { return std::max(device.node, 0); }

class Check {
 public:
  Check(std::span<const PreflightPort> ports, const Machine& machine)
      : machine_(machine), ports_(ports) {}

  Preflight run() {
    for (const PreflightPort& port : ports_) {
      check_cores(port);
      if (port.kind == PreflightPort::Kind::kernel_interface) check_interface(port);
      if (port.kind == PreflightPort::Kind::pci) check_device(port);
    }
    return std::move(found_);
  }

 private:
  void error(ExitStatus status, std::string sentence) {
    found_.errors.push_back({status, std::move(sentence)});
  }
  void missing(std::string sentence) { error(ExitStatus::environment, std::move(sentence)); }

  void check_cores(const PreflightPort& port);
  void check_interface(const PreflightPort& port);
  void check_device(const PreflightPort& port);
  void check_binding(const NetworkDevice& device);
  void check_opening(const NetworkDevice& device);
  void check_pages(const PreflightPort& port, const NetworkDevice& device);
  void check_nearness(const PreflightPort& port, const NetworkDevice& device);
  [[nodiscard]] uint64_t asked_on(int node) const;
  [[nodiscard]] std::string device_names(std::string NetworkDevice::*name,
                                         const std::string& typed) const;

  const Machine& machine_;
  std::span<const PreflightPort> ports_;
  std::map<int, uint64_t> taken_;  // hugepages of each node that earlier ports get
  Preflight found_;
};

/// " Did you mean "eth0"?" among the devices that have such a name.
std::string Check::device_names(std::string NetworkDevice::*name, const std::string& typed) const {
  std::vector<std::string> names;
  for (const NetworkDevice& device : machine_.devices)
    if (!(device.*name).empty()) names.push_back(device.*name);
  return flowstats::did_you_mean(typed, names);
}

void Check::check_cores(const PreflightPort& port) {
  const CpuList& allowed = machine_.cpus.allowed;
  const bool fits = std::ranges::all_of(
      port.cores, [&](int core) { return std::ranges::find(allowed, core) != allowed.end(); });
  if (fits) return;
  error(ExitStatus::usage,
        fmt::format("cores \"{}\": this machine has {} ({}) and this process may use {}. {}",
                    port.cores_text, machine_.cpus.online.size(),
                    doctor::cpu_list_text(machine_.cpus.online), doctor::cpu_list_text(allowed),
                    port.cores_place));
}

void Check::check_interface(const PreflightPort& port) {
  const NetworkDevice* const device = machine_.by_interface(port.name);
  if (device == nullptr && port.name != "lo")
    missing("there is no network interface \"" + port.name + "\"." +
            device_names(&NetworkDevice::interface, port.name));
  if (!machine_.process.has(CAP_NET_RAW))
    missing("live capture on \"" + port.name +
            "\" needs CAP_NET_RAW. Run: " + doctor::kCapabilityRepair + ", or use tapstat replay.");
  if (device == nullptr) return;
  if (!device->is_up)
    found_.warnings.push_back("\"" + port.name +
                              "\" is down: nothing arrives. Run: sudo ip link set " + port.name +
                              " up");
  if (device->offloads && (device->offloads->gro || device->offloads->lro))
    found_.warnings.push_back("\"" + port.name +
                              "\" joins segments before they are seen (GRO, LRO): counts and sizes "
                              "come out wrong. Run: sudo ethtool -K " +
                              port.name + " gro off lro off");
  check_nearness(port, *device);
}

void Check::check_device(const PreflightPort& port) {
  const NetworkDevice* const device = machine_.by_pci(port.name);
  if (device == nullptr)
    return missing("there is no PCI network device " + port.name + "." +
                   device_names(&NetworkDevice::pci, port.name));
  if (device->is_bound_to_vfio())
    check_opening(*device);
  else if (!doctor::shares_with_kernel(*device))
    check_binding(*device);
  check_pages(port, *device);
  check_nearness(port, *device);
}

void Check::check_binding(const NetworkDevice& device) {
  const bool is_interface = !device.interface.empty();
  std::string sentence;
  if (device.has_default_route)
    sentence = "\"" + device.interface +
               "\" carries the default route: binding it cuts this machine off. ";
  sentence += device.pci + " (" + doctor::device_text(device) + ") ";
  sentence += device.driver.empty() ? "has no driver" : "uses the kernel driver " + device.driver;
  sentence += ". Bind it with: sudo driverctl set-override " + device.pci + " vfio-pci";
  if (is_interface)
    sentence += "   It will vanish from \"ip link\". To try without binding: tapstat run -i " +
                device.interface;
  missing(std::move(sentence));
}

void Check::check_opening(const NetworkDevice& device) {
  if (const auto* const file = doctor::refused_file(machine_, device))
    missing("opening " + file->path + " was refused. The service runs as user \"" +
            machine_.process.user +
            "\"; add the udev rule from packaging/ (group \"tapstat\", mode 0660) or start through "
            "systemd.");
  if (!device.group_members.empty())
    missing(
        fmt::format("{} shares the IOMMU group {} with {}, which has a kernel driver. Bind it "
                    "as well: sudo driverctl set-override {} vfio-pci",
                    device.pci, device.iommu_group, device.group_members.front(),
                    device.group_members.front()));
}

/// Memory that all ports together want of a node.
uint64_t Check::asked_on(int node) const {
  uint64_t sum = 0;
  for (const PreflightPort& port : ports_)
    if (const NetworkDevice* const device = machine_.by_pci(port.name);
        port.kind == PreflightPort::Kind::pci && device != nullptr && node_of(*device) == node)
      sum += port.memory_bytes;
  return sum;
}

void Check::check_pages(const PreflightPort& port, const NetworkDevice& device) {
  const int id = node_of(device);
  const MemoryNode* const node = machine_.node(id);
  if (node == nullptr || port.memory_bytes == 0) return;
  const uint64_t all = node->free_huge_bytes();
  const uint64_t free = all - std::min(all, taken_[id]);
  taken_[id] += port.memory_bytes;
  if (free >= port.memory_bytes) return;
  std::string pages;
  for (const HugePageCount& count : node->pages)
    if (count.free > 0 || count.page_bytes == 2 * kMib)
      pages += fmt::format("{}{} x {}", pages.empty() ? "" : ", ", grouped(count.free),
                           doctor::page_size_text(count.page_bytes));
  const uint64_t wanted = (asked_on(id) + kAskedStep - 1) / kAskedStep * kAskedStep;
  missing(
      fmt::format("port {} needs {} of hugepages on NUMA node {}; {} are free ({}). Run: sudo "
                  "tapstat host-setup --hugepages {}M --node {}",
                  port.name, doctor::mib_text(port.memory_bytes + kMib - 1), id,
                  doctor::mib_text(free), pages, wanted / kMib, id));
}

void Check::check_nearness(const PreflightPort& port, const NetworkDevice& device) {
  const MemoryNode* const near = machine_.node(device.node);
  if (near == nullptr || machine_.nodes.size() < 2) return;
  for (const int core : port.cores) {
    const int node = machine_.node_of_cpu(core);
    if (node < 0 || node == near->id) continue;
    found_.warnings.push_back(fmt::format(
        "port {} is on NUMA node {}, core {} is on node {}: expect 20-40 % less. Cores of node {}: "
        "{}.",
        port.name, near->id, core, node, near->id, doctor::cpu_list_text(near->cpus)));
    return;
  }
}

}  // namespace

ExitStatus Preflight::status() const {
  ExitStatus highest = ExitStatus::done;
  for (const flowstats::Error& error : errors) highest = std::max(highest, error.status);
  return highest;
}

Preflight preflight(std::span<const PreflightPort> ports, const Machine& machine) {
  return Check(ports, machine).run();
}

}  // namespace tapstat::control
