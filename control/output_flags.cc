#include "control/output_flags.h"

#include <CLI/CLI.hpp>

namespace tapstat::control {

void add_output_flags(CLI::App& app, OutputArguments& out, std::string& colour) {
  app.add_flag("-q,--quiet", out.quiet, "print errors only");
  app.add_flag("-v,--verbose", out.verbose, "print more; repeat for DPDK's own messages");
  app.add_option("--color", colour,
                 "auto, always or never [auto]; NO_COLOR in the environment also means never")
      ->type_name("WHEN");
}

Parsed<ColourWhen> parse_colour(std::string_view text) {
  if (text == "auto") return ColourWhen::automatic;
  if (text == "always") return ColourWhen::always;
  if (text == "never") return ColourWhen::never;
  return tl::make_unexpected(not_one_of(text, {"auto", "always", "never"}));
}

}  // namespace tapstat::control
