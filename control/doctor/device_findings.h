/// What the network devices of a machine mean for a probe, and who may open them. Pure. Any thread.
#pragma once

#include "control/doctor/findings.h"

namespace tapstat::control::doctor {

/// IOMMU, vfio-pci and the devices themselves.
void examine_devices(const Machine& machine, Findings& findings);

/// Which kinds of port this process can open at all: none is a problem.
void examine_permissions(const Machine& machine, Findings& findings);

/// Gb/s that a PCIe link carries each way, after its line code.
[[nodiscard]] double gigabits_per_s(const PcieLink& link);

/// The file to open for a device that is bound to vfio-pci, when opening it is refused.
[[nodiscard]] const DeviceFile* refused_file(const Machine& machine, const NetworkDevice& device);

inline constexpr const char* kIommuRepair =
    "add intel_iommu=on (AMD: nothing) and iommu=pt to the kernel's command line, switch VT-d or "
    "AMD-Vi on in the firmware, and reboot";
inline constexpr const char* kCapabilityRepair = "sudo setcap cap_net_raw+ep $(which tapstat)";

}  // namespace tapstat::control::doctor
