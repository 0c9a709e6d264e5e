/// Network devices of a machine, and how they can be handed to user space. Control thread.
#pragma once

#include <string_view>
#include <vector>

#include "control/doctor/machine.h"
#include "control/doctor/running_kernel.h"
#include "control/doctor/sys_files.h"

namespace tapstat::control::doctor {

/// PCI network devices in the order of their addresses, then virtual interfaces by name; no
/// loopback.
[[nodiscard]] std::vector<NetworkDevice> read_devices(const SysFiles& files,
                                                      const KernelAnswers& answers);

[[nodiscard]] VfioFacts read_vfio(const SysFiles& files, const ProcessFacts& process,
                                  const KernelAnswers& answers);

/// "0000:3b:00.0".
[[nodiscard]] bool is_pci_address(std::string_view text);

}  // namespace tapstat::control::doctor
