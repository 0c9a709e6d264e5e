/// What `tapstat host-setup` changes: writes to files of the kernel, each with the write that takes
/// it back. Pure: facts and wishes -> steps. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/doctor/machine.h"
#include "flowstats/base/result.h"

namespace tapstat::control::doctor {

struct SetupWishes {
  std::optional<uint64_t> hugepage_bytes;  // that many shall be free
  std::optional<int> node;                 // absent: every node with a PCI network device
  std::vector<std::string> bind;           // PCI addresses; "3b:00.0" is of domain 0000
  bool force = false;                      // also the device with the default route
};

/// `value` into the file `path`, which is absolute.
struct KernelWrite {
  std::string path, value;
};

struct SetupStep {
  std::string why;  // for a person
  KernelWrite change, undo;
  std::string program;      // "modprobe vfio-pci", in place of a write; nothing takes it back
  uint64_t at_least = 0;    // the file must hold this number afterwards; 0: it need not
  std::string driver_link;  // this link must lead to vfio-pci afterwards; empty: none
};

struct SetupPlan {
  std::vector<SetupStep> steps;
  std::vector<std::string> notes;
};

inline constexpr uint64_t kSmallHugePage = 2 * kMib;
inline constexpr uint64_t kDefaultHugeBytes = 2048 * kMib;

/// Without a wish for pages or devices: kDefaultHugeBytes (a quarter of the free memory when that
/// is less) for each node with a PCI network device, and vfio-pci where there is an IOMMU. Errors:
/// ExitStatus::usage for devices and nodes that are not there, ExitStatus::environment for what
/// must not or cannot be done.
[[nodiscard]] flowstats::Result<SetupPlan> plan_setup(const Machine& machine,
                                                      const SetupWishes& wishes);

/// Lines of a shell, each with the line that takes it back as a comment.
[[nodiscard]] std::vector<std::string> plan_lines(const SetupPlan& plan);

/// "echo 700 > /sys/...".
[[nodiscard]] std::string shell_line(const KernelWrite& write);

}  // namespace tapstat::control::doctor
