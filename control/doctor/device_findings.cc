#include "control/doctor/device_findings.h"

#include <linux/capability.h>

#include <algorithm>

#include <fmt/format.h>

namespace tapstat::control::doctor {
namespace {

/// A device that can be bound is one that stands on the PCI bus.
bool has_pci_device(const Machine& machine) {
  return std::ranges::any_of(machine.devices, [](const auto& d) { return !d.pci.empty(); });
}

bool has_bound_device(const Machine& machine) {
  return std::ranges::any_of(machine.devices, &NetworkDevice::is_bound_to_vfio);
}

void examine_vfio(const Machine& machine, Findings& findings) {
  if (!has_pci_device(machine)) return;
  const VfioFacts& vfio = machine.vfio;
  const Level level = has_bound_device(machine) ? Level::warning : Level::note;
  if (vfio.is_iommu_on)
    findings.push_back({Level::ok, "vfio", "iommu", "the IOMMU is on.", ""});
  else if (vfio.is_without_iommu)
    findings.push_back({Level::warning, "vfio", "iommu",
                        "vfio-pci works without an IOMMU here: a device may write anywhere in "
                        "memory.",
                        kIommuRepair});
  else
    findings.push_back({level, "vfio", "iommu",
                        "no IOMMU: ports by PCI address cannot start; kernel interfaces can.",
                        kIommuRepair});
  if (vfio.has_driver)
    findings.push_back({Level::ok, "vfio", "driver", "vfio-pci is loaded.", ""});
  else
    findings.push_back({level, "vfio", "driver",
                        "vfio-pci is not loaded: ports by PCI address need it.",
                        "sudo modprobe vfio-pci"});
}

void examine_link(const NetworkDevice& device, const std::string& area, Findings& findings) {
  const double now = gigabits_per_s(device.link), best = gigabits_per_s(device.link_max);
  if (now <= 0 || best <= 0) return;
  const auto text = [](const PcieLink& link) {
    return fmt::format("{:.1f} GT/s x{}", link.gigatransfers_per_s, link.lanes);
  };
  if (now >= best * 0.99)
    findings.push_back({Level::ok, area, "pcie",
                        fmt::format("PCIe {}, at most {:.0f} Gb/s.", text(device.link), now), ""});
  else
    findings.push_back({Level::warning, area, "pcie",
                        fmt::format("PCIe {} of {}: at most {:.0f} of {:.0f} Gb/s reach memory.",
                                    text(device.link), text(device.link_max), now, best),
                        "move the card to a slot that has all its lanes"});
}

void examine_interface(const NetworkDevice& device, const std::string& area, Findings& findings) {
  if (device.has_default_route)
    findings.push_back({Level::note, area, "default-route",
                        "\"" + device.interface +
                            "\" carries the default route: binding it to vfio-pci would cut this "
                            "machine off.",
                        ""});
  if (!device.is_up)
    findings.push_back({Level::note, area, "down", "the interface is down: nothing arrives.",
                        "sudo ip link set " + device.interface + " up"});
  else if (!*device.is_up)
    findings.push_back({Level::note, area, "link", "no signal on the wire.", ""});
  if (!device.offloads || !(device.offloads->gro || device.offloads->lro)) return;
  const bool lro = device.offloads->lro;
  const std::string which = device.offloads->gro && lro ? "GRO and LRO are"
                            : lro                       ? "LRO is"
                                                        : "GRO is";
  findings.push_back(
      {Level::warning, area, "offloads",
       which + " on: segments are joined before a probe at this interface sees them, so packet "
               "counts, sizes and retransmissions come out wrong.",
       fmt::format("sudo ethtool -K {} gro off lro off", device.interface)});
}

void examine_bound(const Machine& machine, const NetworkDevice& device, const std::string& area,
                   Findings& findings) {
  findings.push_back({Level::ok, area, "driver", device.name + " is bound to vfio-pci.", ""});
  if (const DeviceFile* const file = refused_file(machine, device))
    findings.push_back(
        {Level::problem, area, "permission",
         fmt::format("user \"{}\" may not open {}.", machine.process.user, file->path),
         "install the udev rule from packaging/ and join the group tapstat"});
  if (!device.group_members.empty())
    findings.push_back(
        {Level::problem, area, "iommu-group",
         fmt::format("{} of the same IOMMU group {} still has a kernel driver: the group cannot be "
                     "opened.",
                     device.group_members.front(), device.iommu_group),
         fmt::format("sudo tapstat host-setup --bind {} --apply", device.group_members.front())});
  const int id = std::max(device.node, 0);
  const MemoryNode* const node = machine.node(id);
  if (node != nullptr && node->free_huge_bytes() == 0)
    findings.push_back(
        {Level::problem, area, "hugepages",
         fmt::format("no hugepage is free on its NUMA node {}.", id),
         fmt::format("sudo tapstat host-setup --hugepages 2G --node {} --apply", id)});
}

void examine_kernel_driver(const NetworkDevice& device, const std::string& area,
                           Findings& findings) {
  if (shares_with_kernel(device))
    findings.push_back({Level::ok, area, "driver",
                        device.name + " shares its packets with the kernel driver " +
                            device.driver + "; it stays as it is.",
                        ""});
  else if (device.driver.empty())
    findings.push_back({Level::note, area, "driver", device.name + " has no driver.",
                        "sudo tapstat host-setup --bind " + device.pci + " --apply"});
  else
    findings.push_back(
        {Level::ok, area, "driver",
         fmt::format("{} with the kernel driver {}{}.", device.name, device.driver,
                     device.interface.empty() ? "" : ": tapstat run -i " + device.interface),
         ""});
}

void examine_device(const Machine& machine, const NetworkDevice& device, Findings& findings) {
  if (device.pci.empty()) return;
  const std::string area = device.interface.empty() ? device.pci : device.interface;
  if (device.is_bound_to_vfio())
    examine_bound(machine, device, area, findings);
  else
    examine_kernel_driver(device, area, findings);
  examine_link(device, area, findings);
  if (!device.interface.empty()) examine_interface(device, area, findings);
}

}  // namespace

double gigabits_per_s(const PcieLink& link) {
  // 8b/10b up to 5 GT/s, 128b/130b from 8 GT/s on.
  const double code = link.gigatransfers_per_s < 8 ? 0.8 : 128.0 / 130;
  return link.gigatransfers_per_s * link.lanes * code;
}

const DeviceFile* refused_file(const Machine& machine, const NetworkDevice& device) {
  for (const DeviceFile& file : machine.vfio.files) {
    const bool is_meant = file.path == "/dev/vfio/vfio" ||
                          file.path == "/dev/vfio/" + device.iommu_group ||
                          file.path == "/dev/vfio/noiommu-" + device.iommu_group;
    if (is_meant && !file.may_open) return &file;
  }
  return nullptr;
}

void examine_devices(const Machine& machine, Findings& findings) {
  examine_vfio(machine, findings);
  if (machine.devices.empty())
    findings.push_back({Level::problem, "network", "device",
                        "no network device: there is nothing to listen on.", ""});
  for (const NetworkDevice& device : machine.devices) examine_device(machine, device, findings);
}

void examine_permissions(const Machine& machine, Findings& findings) {
  const ProcessFacts& process = machine.process;
  if (process.has(CAP_NET_RAW)) {
    findings.push_back({Level::ok, "limits", "net-raw",
                        "CAP_NET_RAW is there: kernel interfaces can be opened.", ""});
  } else if (has_bound_device(machine)) {
    findings.push_back({Level::note, "limits", "net-raw",
                        "kernel interfaces need CAP_NET_RAW; ports by PCI address do not.",
                        kCapabilityRepair});
  } else {
    findings.push_back({Level::problem, "limits", "net-raw",
                        "live capture needs CAP_NET_RAW, and no device is bound to vfio-pci: no "
                        "port can be opened.",
                        kCapabilityRepair});
  }
}

}  // namespace tapstat::control::doctor
