/// The flags of `tapstat split`. Control thread.
#pragma once

#include <memory>
#include <optional>

#include "control/command_line.h"
#include "flowstats/base/result.h"

namespace CLI {
class App;
}

namespace tapstat::control::splitting {

class SplitCommandLine {
 public:
  SplitCommandLine();
  ~SplitCommandLine();
  SplitCommandLine(const SplitCommandLine&) = delete;
  SplitCommandLine& operator=(const SplitCommandLine&) = delete;

  /// Declares the command; lives as long as `app`.
  void add_to(CLI::App& app);
  /// After parsing: empty when it was another command. Errors: ExitStatus::usage.
  [[nodiscard]] std::optional<flowstats::Result<CommandLine>> finish() const;

 private:
  struct Typed;
  std::unique_ptr<Typed> typed_;
};

}  // namespace tapstat::control::splitting
