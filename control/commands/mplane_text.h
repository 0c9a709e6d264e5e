/// mPlane messages as text and JSON for people and scripts. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "control/commands/measurement_file.h"
#include "control/commands/mplane_client.h"
#include "control/group_holds.h"

namespace tapstat::control {

/// Text of somebody else for our terminal: control characters become "?".
[[nodiscard]] std::string printable(std::string_view text);

/// A table with number, label, "p/m/r 0/0/42" and token.
[[nodiscard]] std::string capabilities_text(const std::vector<mplane::Message>& capabilities);
[[nodiscard]] std::string capabilities_json(const std::vector<mplane::Message>& capabilities);

struct MeasurementState {
  Measurement measurement;
  std::string state;  // "running"
};
[[nodiscard]] std::string measurements_text(const std::vector<MeasurementState>& measurements);
[[nodiscard]] std::string measurements_json(const std::vector<MeasurementState>& measurements);

/// "result TOKEN LABEL: START ... END (10.0 s), epochs 3-4, rows 12"; also for receipts.
[[nodiscard]] std::string answer_text(const ComponentAnswer& answer);
[[nodiscard]] std::string answers_json(const std::vector<ComponentAnswer>& answers);

/// "pending", "running" or "finished"; "unknown" for an exception.
[[nodiscard]] std::string_view state_text(const mplane::Message& answer, UtcMicroseconds now);

}  // namespace tapstat::control
