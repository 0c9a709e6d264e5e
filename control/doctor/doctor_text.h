/// Facts and findings as lines for a person and as one JSON document. Pure. Any thread.
#pragma once

#include <string>
#include <vector>

#include "control/doctor/findings.h"
#include "control/doctor/machine.h"

namespace tapstat::control::doctor {

/// What the machine is made of, a line for each part.
[[nodiscard]] std::vector<std::string> machine_lines(const Machine& machine);

/// "warning  eth0  GRO is on: ..." and, below, "  repair: ...".
[[nodiscard]] std::vector<std::string> finding_lines(const Findings& findings);

/// "Nothing prevents tapstat run: 2 warnings, 3 notes."
[[nodiscard]] std::string verdict(const Findings& findings);

[[nodiscard]] std::string doctor_json(const Machine& machine, const Findings& findings);

}  // namespace tapstat::control::doctor
