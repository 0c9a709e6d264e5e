/// Moments of the machine's clock as text for JSON documents and logs (RFC 3339).
#pragma once

#include <string>

#include "control/group_holds.h"

namespace tapstat::control {

/// "2014-05-14T23:44:14.199951Z". Years 0 to 9999; moments outside print as the nearest inside.
[[nodiscard]] std::string utc_text(UtcMicroseconds time);

/// The machine's clock.
[[nodiscard]] UtcMicroseconds utc_now();

}  // namespace tapstat::control
