/// What no file of /sys or /proc tells: questions to the kernel that runs this program. Control
/// thread.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "control/doctor/machine.h"

namespace tapstat::control::doctor {

/// Absent for a copy of another machine's files.
struct KernelAnswers {
  std::function<std::optional<Offloads>(const std::string& interface)> offloads;
  std::function<std::optional<bool>()> is_clock_synchronised;
  std::function<bool(const std::filesystem::path&)> may_open;  // to read and write
};

[[nodiscard]] KernelAnswers running_kernel();

/// The file system below `directory`, which need not exist yet.
[[nodiscard]] DiskFacts read_disk(const std::filesystem::path& directory);

/// Writes to a file without a name, so that nothing stays behind even after a crash, and waits
/// until it is on the disk: at most kDiskTestBytes, at most about a second. Empty when there is no
/// room or it fails.
[[nodiscard]] std::optional<double> measure_disk(const std::filesystem::path& directory);

inline constexpr size_t kDiskTestBytes = 256 << 20;

}  // namespace tapstat::control::doctor
