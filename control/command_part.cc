#include "control/command_part.h"

#include <CLI/CLI.hpp>

namespace tapstat::control {

std::optional<flowstats::Result<CommandLine>> OneCommand::finish() const {
  if (!app_->parsed()) return std::nullopt;
  return checked();
}

}  // namespace tapstat::control
