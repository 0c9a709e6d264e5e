/// The flags about messages that all commands share: -q, -v, --color. Defined in command_line.cc.
/// Control thread.
#pragma once

#include <string>
#include <string_view>

#include "control/command_line.h"
#include "control/option_values.h"

namespace CLI {
class App;
}

namespace tapstat::control {

/// `colour` gets the text of --color; both outlive `app`.
void add_output_flags(CLI::App& app, OutputArguments& out, std::string& colour);

[[nodiscard]] Parsed<ColourWhen> parse_colour(std::string_view text);

/// After parsing: `out` with what --color says in `text`. Errors: ExitStatus::usage.
[[nodiscard]] flowstats::Result<void> set_colour(OutputArguments& out, const CLI::App& app,
                                                 const std::string& text);

}  // namespace tapstat::control
