/// The part of the command line that speaks to a running probe: status, groups, rotate, reload,
/// stop and mplane. Control thread.
#pragma once

#include <memory>
#include <optional>

#include "control/command_line.h"

namespace CLI {
class App;
}

namespace tapstat::control {

class RemoteCommandLine {
 public:
  RemoteCommandLine();
  ~RemoteCommandLine();

  /// Adds the commands to `app`, which is parsed while this lives.
  void add_to(CLI::App& app);

  /// After parsing: the checked arguments when one of these commands was typed, else empty.
  [[nodiscard]] std::optional<flowstats::Result<CommandLine>> finish() const;

 private:
  struct Typed;
  std::unique_ptr<Typed> typed_;
};

}  // namespace tapstat::control
