/// The steps that every measurement takes before its first packet and after its last, whatever its
/// source. Control thread.
#pragma once

#include <chrono>

#include "control/messages.h"
#include "control/plan.h"
#include "control/progress.h"
#include "control/run_result.h"
#include "control/supervisor.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// Packet buffers and DPDK's own; checked with the largest frames.
inline constexpr uint32_t kEalMemoryMib = 256;

/// Outputs without a directory of their own go where the logs go; all of them must be possible.
/// Errors: ExitStatus::environment.
[[nodiscard]] flowstats::Result<void> settle_outputs(MeasurePlan& plan);

/// What runtime.conf announces, and where a new key of anonymisation is. `first_packet` is what the
/// first directory will be named after. Errors: ExitStatus::environment.
[[nodiscard]] flowstats::Result<void> tell_before_start(const MeasurePlan& plan,
                                                        flowstats::Timestamp first_packet,
                                                        Messages& messages);

/// All but what depends on the source. `plan` outlives the options.
[[nodiscard]] SupervisorOptions supervisor_options(const MeasureArguments& arguments,
                                                   const MeasurePlan& plan);

/// The part of the result that does not depend on the source. `started`: of the command.
[[nodiscard]] RunResult measured(const MeasurePlan& plan,
                                 std::chrono::steady_clock::time_point started,
                                 SupervisorResult done);

/// Prints the error; returns its exit status.
[[nodiscard]] int fail_with(const flowstats::Error& error, Messages& messages);

}  // namespace tapstat::control
