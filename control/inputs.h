/// The captures of a replay, opened and counted before DPDK starts.
#pragma once

#include <optional>
#include <vector>

#include "control/command_line.h"
#include "control/messages.h"
#include "control/run_result.h"
#include "dataplane/capture_file.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

struct Inputs {
  std::vector<dataplane::CaptureFile> captures;                // those that can be read, in order
  std::vector<InputFacts> facts;                               // all that were named, in order
  flowstats::ExitStatus status = flowstats::ExitStatus::done;  // the highest of all

  [[nodiscard]] uint64_t packets() const;
  /// Of the first packet in the order of the files; 1970 without packets.
  [[nodiscard]] flowstats::Timestamp first_packet() const;
  /// Packet time that one round covers.
  [[nodiscard]] double traffic_s() const;
};

/// What cannot be read is reported and left out; what is damaged is reported and kept.
[[nodiscard]] Inputs open_inputs(const ReplayArguments& arguments, flowstats::Mode mode,
                                 Messages& messages);

}  // namespace tapstat::control
