#include "control/doctor/device_reader.h"

#include <linux/capability.h>
#include <linux/route.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>
#include <system_error>

#include "control/doctor/pci_names.h"
#include "control/text.h"

namespace tapstat::control::doctor {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string, std::less<>>;

constexpr std::string_view kInterfaces = "/sys/class/net";
constexpr std::string_view kPciDevices = "/sys/bus/pci/devices";
constexpr unsigned kNetworkClass = 0x02, kBridgeClass = 0x06;  // of the top eight bits of 24
constexpr int kStackedMax = 8;  // VLAN on bridge on bond and the like

std::string below(std::string_view directory, std::string_view name) {
  return std::string(directory) + "/" + std::string(name);
}

unsigned pci_class(const SysFiles& files, const std::string& device) {
  return hexadecimal(files.text(device + "/class")).value_or(0) >> 16;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// Interfaces that a default route of the main table names.
Names interfaces_with_default_route(const SysFiles& files) {
  Names names;
  for (const std::string& line : files.lines("/proc/net/route")) {
    const auto words = words_of(line);  // interface, destination, gateway, flags, ..., mask
    if (words.size() >= 8 && words[1] == "00000000" && words[7] == "00000000")
      names.insert(words[0]);
  }
  for (const std::string& line : files.lines("/proc/net/ipv6_route")) {
    const auto words = words_of(line);  // destination, its length, ..., flags, interface
    if (words.size() < 10 || words[1] != "00" ||
        words[0].find_first_not_of('0') != std::string::npos)
      continue;
    const bool is_refusal = (hexadecimal(words[8]).value_or(0) & RTF_REJECT) != 0;
    if (!is_refusal && words[9] != "lo") names.insert(words[9]);
  }
  return names;
}

/// Does `interface`, or what is stacked on it, carry the default route?
bool carries(const SysFiles& files, const std::string& interface, const Names& routed, int depth) {
  if (routed.contains(interface)) return true;
  if (depth == 0) return false;
  constexpr std::string_view kUpper = "upper_";
  for (const std::string& name : files.names(below(kInterfaces, interface)))
    if (name.starts_with(kUpper) && carries(files, name.substr(kUpper.size()), routed, depth - 1))
      return true;
  return false;
}

/// The PCI device below which an interface hangs; empty for a virtual one.
std::string pci_of_interface(const SysFiles& files, const std::string& interface) {
  std::error_code error;
  const fs::path device = fs::canonical(files.at(below(kInterfaces, interface) + "/device"), error);
  std::string found;
  if (!error)
    for (const fs::path& part : device)
      if (is_pci_address(part.string())) found = part;
  return found;
}

PcieLink read_link(const SysFiles& files, const std::string& device, const std::string& which) {
  PcieLink link;
  const std::string speed = files.text(device + "/" + which + "_link_speed");  // "8.0 GT/s PCIe"
  std::from_chars(speed.data(), speed.data() + speed.size(), link.gigatransfers_per_s);
  const auto lanes = files.number_in(device + "/" + which + "_link_width");
  if (lanes && *lanes <= 32 && link.gigatransfers_per_s > 0)
    link.lanes = static_cast<unsigned>(*lanes);
  return link;
}

std::vector<std::string> other_members(const SysFiles& files, const std::string& group,
                                       const std::string& address) {
  std::vector<std::string> members;
  if (group.empty()) return members;
  for (const std::string& other : files.names("/sys/kernel/iommu_groups/" + group + "/devices")) {
    const std::string device = below(kPciDevices, other);
    const std::string driver = files.link_name(device + "/driver");
    if (other != address && !driver.empty() && driver != "vfio-pci" &&
        pci_class(files, device) != kBridgeClass)
      members.push_back(other);
  }
  return members;
}

NetworkDevice read_pci_device(const SysFiles& files, const std::string& address) {
  const std::string path = below(kPciDevices, address);
  NetworkDevice device;
  device.pci = address;
  const PciId id = {hexadecimal(files.text(path + "/vendor")).value_or(0),
                    hexadecimal(files.text(path + "/device")).value_or(0)};
  device.name = pci_name(id, files);
  device.driver = files.link_name(path + "/driver");
  if (const auto node = files.number_in(path + "/numa_node")) device.node = static_cast<int>(*node);
  device.link = read_link(files, path, "current");
  device.link_max = read_link(files, path, "max");
  device.iommu_group = files.link_name(path + "/iommu_group");
  device.group_members = other_members(files, device.iommu_group, address);
  return device;
}

void add_interface(const SysFiles& files, const KernelAnswers& answers, const Names& routed,
                   const std::string& interface, NetworkDevice& device) {
  const std::string path = below(kInterfaces, interface);
  device.interface = interface;
  if (const auto carrier = files.number_in(path + "/carrier")) device.is_up = *carrier != 0;
  if (const auto speed = files.number_in(path + "/speed"))
    device.speed_mbps = static_cast<unsigned>(*speed);
  device.has_default_route = carries(files, interface, routed, kStackedMax);
  if (answers.offloads) device.offloads = answers.offloads(interface);
}

/// By the bits of its mode, for a copy of another machine's files.
bool mode_permits(const fs::path& path, const ProcessFacts& process) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return false;
  if (process.has(CAP_DAC_OVERRIDE)) return true;
  const auto has_both = [&](unsigned shift) { return (status.st_mode >> shift & 6U) == 6U; };
  if (status.st_uid == process.uid) return has_both(6);
  const bool is_member = std::ranges::find(process.groups, status.st_gid) != process.groups.end();
  return has_both(is_member ? 3 : 0);
}

}  // namespace

bool is_pci_address(std::string_view text) {
  constexpr std::string_view kShape = "xxxx:xx:xx.x";
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text.substr(i, 1).find_first_of("0123456789abcdefABCDEF") == 0;
    if (kShape[i] == 'x' ? !is_digit : text[i] != kShape[i]) return false;
  }
  return true;
}

std::vector<NetworkDevice> read_devices(const SysFiles& files, const KernelAnswers& answers) {
  std::vector<NetworkDevice> devices;
  for (const std::string& address : files.names(kPciDevices))
    if (pci_class(files, below(kPciDevices, address)) == kNetworkClass)
      devices.push_back(read_pci_device(files, address));
  const Names routed = interfaces_with_default_route(files);
  for (const std::string& interface : files.names(kInterfaces)) {
    if (interface == "lo" || !files.exists(below(kInterfaces, interface) + "/ifindex")) continue;
    const std::string pci = pci_of_interface(files, interface);
    const auto found = std::ranges::find_if(devices, [&](const NetworkDevice& device) {
      return device.pci == pci && device.interface.empty();
    });
    NetworkDevice& device = pci.empty() || found == devices.end() ? devices.emplace_back() : *found;
    add_interface(files, answers, routed, interface, device);
  }
  return devices;
}

VfioFacts read_vfio(const SysFiles& files, const ProcessFacts& process,
                    const KernelAnswers& answers) {
  VfioFacts facts;
  facts.is_iommu_on = !files.names("/sys/kernel/iommu_groups").empty();
  facts.has_driver = files.exists("/sys/bus/pci/drivers/vfio-pci");
  facts.is_without_iommu =
      files.text("/sys/module/vfio/parameters/enable_unsafe_noiommu_mode") == "Y";
  for (const std::string& name : files.names("/dev/vfio")) {
    const std::string path = "/dev/vfio/" + name;
    if (fs::is_directory(files.at(path))) continue;
    facts.files.push_back({path, answers.may_open ? answers.may_open(files.at(path))
                                                  : mode_permits(files.at(path), process)});
  }
  return facts;
}

}  // namespace tapstat::control::doctor
