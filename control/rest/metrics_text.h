/// /metrics: the counter table and the state of the probe in Prometheus' text exposition format
/// 0.0.4. Pure function over values that the caller collected.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "control/http/server.h"
#include "control/mplane/poller.h"
#include "control/mplane/specifications.h"
#include "control/probe.h"
#include "control/settings.h"

namespace tapstat::control::rest {

inline constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

/// Indexed by mplane::JobState.
using JobCounts = std::array<uint64_t, static_cast<size_t>(mplane::JobState::failed) + 1>;

struct MetricsFacts {
  const ProbeFigures& figures;
  std::span<const GroupView> groups;
  const LastReload& reload;
  JobCounts jobs{};
  const http::ServerCounters& server;
  const mplane::PollerCounters* poller = nullptr;  // nullptr: none configured
  uint64_t audit_failures = 0;
  double start_time_s = 0;  // since 1970
  bool ready = true;
};

[[nodiscard]] std::string metrics_text(const MetricsFacts& facts);

}  // namespace tapstat::control::rest
