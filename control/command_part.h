/// Commands whose flags stand in a file of their own: it declares them, and afterwards says whether
/// one was typed. Control thread.
#pragma once

#include <optional>

#include "control/command_line.h"
#include "flowstats/base/result.h"

namespace CLI {
class App;
}

namespace tapstat::control {

class CommandPart {
 public:
  CommandPart() = default;
  virtual ~CommandPart() = default;
  CommandPart(const CommandPart&) = delete;
  CommandPart& operator=(const CommandPart&) = delete;

  /// Adds the command to `app`, which is parsed while this lives.
  virtual void add_to(CLI::App& app) = 0;

  /// After parsing: the checked arguments when it was typed, else empty. Errors: ExitStatus::usage.
  [[nodiscard]] virtual std::optional<flowstats::Result<CommandLine>> finish() const = 0;
};

/// Such a file with one command. The texts as typed are its members, since options point to them.
class OneCommand : public CommandPart {
 public:
  [[nodiscard]] std::optional<flowstats::Result<CommandLine>> finish() const final;

 protected:
  /// What was typed, checked: finish() of the command that was.
  [[nodiscard]] virtual flowstats::Result<CommandLine> checked() const = 0;

  CLI::App* app_ = nullptr;  // the command, once add_to() has added it
};

}  // namespace tapstat::control
