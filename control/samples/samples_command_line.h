/// The part of the command line that belongs to `tapstat samples`. Control thread.
#pragma once

#include <memory>
#include <optional>

#include "control/command_line.h"

namespace CLI {
class App;
}

namespace tapstat::control {

class SamplesCommandLine {
 public:
  SamplesCommandLine();
  ~SamplesCommandLine();

  /// Adds the command to `app`, which is parsed while this lives.
  void add_to(CLI::App& app);

  /// After parsing: the checked arguments when it was typed, else empty.
  [[nodiscard]] std::optional<flowstats::Result<CommandLine>> finish() const;

 private:
  struct Typed;
  std::unique_ptr<Typed> typed_;
};

}  // namespace tapstat::control
