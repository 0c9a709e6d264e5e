/// The answers of /api/v1 as text for people. Whatever is missing in a document is left out. Pure.
#pragma once

#include <string>

#include "control/json_view.h"

namespace tapstat::control {

/// /api/v1/status.
[[nodiscard]] std::string status_text(const JsonDocument& status);
/// /api/v1/groups.
[[nodiscard]] std::string groups_text(const JsonDocument& groups);
/// problem+json (RFC 9457): the detail, the places of the errors, and the hint.
[[nodiscard]] std::string problem_text(const JsonDocument& problem);

}  // namespace tapstat::control
