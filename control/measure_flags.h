/// The flags that `replay` and `run` share: outputs, groups, logs, networks, control plane, traces.
/// Control thread.
#pragma once

#include <string>
#include <string_view>

#include "control/command_line.h"
#include "control/option_values.h"
#include "control/privacy_flags.h"
#include "flowstats/base/result.h"

namespace CLI {
class App;
}

namespace tapstat::control {

/// Outlives the command's App, whose options point to it.
class MeasureFlags {
 public:
  /// `output` says what -s does when it is not given.
  void add_to(CLI::App& app, MeasureArguments& arguments, const std::string& output);

  /// Once the command line was read: what was typed, checked and stored in `arguments`. Errors:
  /// ExitStatus::usage.
  [[nodiscard]] flowstats::Result<void> finish(const CLI::App& app,
                                               MeasureArguments& arguments) const;

 private:
  std::string groups_, outputs_, logs_, schema_, mode_, workers_, loss_, colour_, flows_;
  std::string output_, networks_, runtime_conf_, config_, listen_, mirror_, socket_;
  std::string trace_, trace_filter_;
  PrivacyFlags privacy_;
  bool no_progress_ = false;
};

/// 1 to kWorkersMax.
[[nodiscard]] Parsed<unsigned> parse_workers(std::string_view text);
/// 1 to kFlowCapacityMax.
[[nodiscard]] Parsed<uint32_t> parse_flows(std::string_view text);

}  // namespace tapstat::control
