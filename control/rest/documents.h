/// The JSON documents of REST, each made from values that the caller collected. Pure functions.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/mplane/specifications.h"
#include "control/probe.h"
#include "control/rest/rates.h"
#include "control/rest/rest_api.h"
#include "control/settings.h"

namespace tapstat::control::rest {

struct StatusFacts {
  const ProbeFigures& figures;
  Rates rates;
  uint64_t jobs_running = 0, jobs_pending = 0;
  std::vector<std::string> reasons;  // why not ready
};
[[nodiscard]] std::string status_json(const StatusFacts& facts);

/// /readyz.
[[nodiscard]] std::string readiness_json(const std::vector<std::string>& reasons);

/// Every counter, in all and for each thread that counts, and the accounting equations.
[[nodiscard]] std::string counters_json(const ProbeFigures& figures);

[[nodiscard]] std::string config_json(std::span<const ConfigOrigin> values);

/// Jobs of mPlane, oldest first. `rows` gives the rows that were written under a job.
[[nodiscard]] std::string specifications_json(
    const std::list<mplane::Job>& jobs, std::span<const GroupView> groups,
    const std::function<std::optional<uint64_t>(const mplane::Job&)>& rows);

/// {"directory": PATH}.
[[nodiscard]] std::string directory_json(const std::filesystem::path& directory);
/// {"changed": false, "epoch": 3, "notes": []}.
[[nodiscard]] std::string reload_json(const ReloadOutcome& outcome, uint32_t epoch);

}  // namespace tapstat::control::rest
