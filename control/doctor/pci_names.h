/// What a network card is called. Control thread.
#pragma once

#include <string>

#include "control/doctor/sys_files.h"

namespace tapstat::control::doctor {

/// As the kernel writes them in `vendor` and `device`.
struct PciId {
  unsigned vendor = 0, device = 0;
};

/// "Intel X710": from a table of the usual cards, else from the list that Debian's package pci.ids
/// installs, else "device 8086:1572".
[[nodiscard]] std::string pci_name(PciId id, const SysFiles& files);

}  // namespace tapstat::control::doctor
