#include "control/doctor/pci_names.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

namespace tapstat::control::doctor {
namespace {

struct KnownCard {
  unsigned vendor = 0, device = 0;
  std::string_view name;
};

constexpr std::array kKnownCards = {
    KnownCard{0x8086, 0x10fb, "Intel 82599"},
    KnownCard{0x8086, 0x1521, "Intel I350"},
    KnownCard{0x8086, 0x1528, "Intel X540"},
    KnownCard{0x8086, 0x1563, "Intel X550"},
    KnownCard{0x8086, 0x1572, "Intel X710"},
    KnownCard{0x8086, 0x1583, "Intel XL710"},
    KnownCard{0x8086, 0x1584, "Intel XL710"},
    KnownCard{0x8086, 0x158b, "Intel XXV710"},
    KnownCard{0x8086, 0x1592, "Intel E810-C"},
    KnownCard{0x8086, 0x1593, "Intel E810-C"},
    KnownCard{0x8086, 0x159b, "Intel E810-XXV"},
    KnownCard{0x15b3, 0x1013, "Mellanox ConnectX-4"},
    KnownCard{0x15b3, 0x1015, "Mellanox ConnectX-4 Lx"},
    KnownCard{0x15b3, 0x1017, "Mellanox ConnectX-5"},
    KnownCard{0x15b3, 0x101d, "Mellanox ConnectX-6 Dx"},
    KnownCard{0x1af4, 0x1000, "virtio"},
    KnownCard{0x1af4, 0x1041, "virtio"},
    KnownCard{0x15ad, 0x07b0, "VMware VMXNET3"},
    KnownCard{0x1d0f, 0xec20, "Amazon ENA"},
};

constexpr std::array<std::string_view, 2> kNameLists = {"/usr/share/misc/pci.ids",
                                                        "/usr/share/hwdata/pci.ids"};

/// In the list, a vendor is "8086  Intel Corporation", its devices follow behind a tab each.
std::string listed_name(PciId id, const std::vector<std::string>& lines) {
  const std::string vendor = fmt::format("{:04x}  ", id.vendor);
  const std::string device = fmt::format("\t{:04x}  ", id.device);
  std::string vendor_name;
  for (const std::string& line : lines) {
    if (line.starts_with('#') || line.empty()) continue;
    const bool is_vendor = line[0] != '\t';
    if (is_vendor && !vendor_name.empty()) break;
    if (is_vendor && line.starts_with(vendor)) vendor_name = line.substr(vendor.size());
    if (!vendor_name.empty() && line.starts_with(device))
      return vendor_name + " " + line.substr(device.size());
  }
  return "";
}

}  // namespace

std::string pci_name(PciId id, const SysFiles& files) {
  for (const KnownCard& card : kKnownCards)
    if (card.vendor == id.vendor && card.device == id.device) return std::string(card.name);
  for (const std::string_view list : kNameLists)
    if (std::string name = listed_name(id, files.lines(list)); !name.empty()) return name;
  return fmt::format("device {:04x}:{:04x}", id.vendor, id.device);
}

}  // namespace tapstat::control::doctor
