/// Why the probe is not ready, as sentences: what /readyz and /api/v1/status tell.
///
/// Control plane's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/probe.h"
#include "control/settings.h"

namespace tapstat::control::rest {

class Readiness {
 public:
  using Clock = std::chrono::steady_clock;

  /// Empty when ready. Asked about once a second, so that a writer that stays behind is noticed.
  [[nodiscard]] std::vector<std::string> reasons(const ProbeFigures& figures,
                                                 const LastReload& reload, Clock::time_point now);

 private:
  uint32_t behind_at_ = 0;  // the epoch that the writer was seen at
  std::optional<Clock::time_point> behind_since_;
};

}  // namespace tapstat::control::rest
