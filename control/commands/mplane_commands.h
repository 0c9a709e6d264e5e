/// `tapstat mplane ACTION`: a small mPlane client for people and scripts. Control thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "control/command_line.h"
#include "control/commands/measurement_file.h"
#include "control/commands/mplane_client.h"
#include "control/group_holds.h"
#include "control/messages.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// One action against one component; the references outlive it.
class MplaneCommands {
 public:
  struct Parts {
    const MplaneArguments& arguments;
    http::Url base;  // of arguments.url
    SendHttp send;
    MeasurementFile& measurements;
    std::function<void()> pause;                       // between two questions of --wait
    std::function<void(const std::string& text)> say;  // at once, while --wait waits
    std::function<UtcMicroseconds()> now;
  };
  /// What goes to standard output and standard error.
  struct Outcome {
    flowstats::ExitStatus status = flowstats::ExitStatus::done;
    std::string text;                 // lists, receipts and results; JSON with --json
    std::vector<std::string> errors;  // exceptions of components and what else went wrong
  };
  explicit MplaneCommands(Parts parts);

  /// The status is ExitStatus::records_lost (5) after an exception of the component. Errors:
  /// ExitStatus::usage; ExitStatus::environment, no mPlane component answers.
  [[nodiscard]] flowstats::Result<Outcome> run();

 private:
  using Done = flowstats::Result<void>;

  Done list_capabilities();
  Done run_capability();
  Done list_measurements();
  Done ask_one_or_all(mplane::Kind kind);

  [[nodiscard]] flowstats::Result<mplane::Message> chosen_capability() const;
  [[nodiscard]] Measurement chosen_measurement() const;
  [[nodiscard]] flowstats::Result<ComponentAnswer> ask(const Measurement& measurement,
                                                       mplane::Kind kind) const;
  Done ask_and_take(const Measurement& measurement, mplane::Kind kind);
  Done wait_for(const Measurement& measurement, const ComponentAnswer& receipt);
  void take(const Measurement& measurement, const ComponentAnswer& answer);

  Parts parts_;
  mplane::Generation generation_;
  std::vector<ComponentAnswer> answers_;
  Outcome outcome_;
};

/// The exit status.
[[nodiscard]] int mplane_command(const MplaneArguments& arguments, Messages& messages);

}  // namespace tapstat::control
