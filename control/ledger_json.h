/// The accounting equations as JSON: the same member in summary.json and in REST. Pure function.
#pragma once

#include "control/json_text.h"
#include "control/ledger.h"

namespace tapstat::control {

/// Adds the member "equations" to the object that is open.
void write_equations(JsonText& json, const Ledger& ledger);

}  // namespace tapstat::control
