/// The plan of a replay for people and for programs: what is read, where the logs go, which columns
/// they have.
#pragma once

#include <string>
#include <vector>

#include "control/inputs.h"
#include "control/plan.h"

namespace tapstat::control {

[[nodiscard]] std::vector<std::string> plan_lines(const MeasurePlan& plan, const Inputs& inputs);
/// The same as one JSON object.
[[nodiscard]] std::string plan_json(const MeasurePlan& plan, const Inputs& inputs);

}  // namespace tapstat::control
