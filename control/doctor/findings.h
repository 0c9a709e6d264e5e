/// What the facts of a machine mean for a probe: one sentence each, and the command that repairs
/// it. Pure functions. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/doctor/machine.h"

namespace tapstat::control::doctor {

/// `problem` prevents `tapstat run`; `warning` costs packets, speed or truth; `note` is a choice.
enum class Level : uint8_t { ok, note, warning, problem };

struct Finding {
  Level level = Level::ok;
  std::string area;  // "cpu", "memory", "vfio", "limits", "clock", "disk", or a device
  std::string id;    // "governor": stable, for programs
  std::string sentence;
  std::string repair;  // a command or a change; empty: nothing to do
};
using Findings = std::vector<Finding>;

[[nodiscard]] std::string_view level_name(Level level);

/// In the order of the areas.
[[nodiscard]] Findings examine(const Machine& machine);

[[nodiscard]] bool prevents_run(const Findings& findings);

/// "1,340 MiB".
[[nodiscard]] std::string mib_text(uint64_t bytes);

}  // namespace tapstat::control::doctor
