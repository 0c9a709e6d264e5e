#include "control/samples/samples_command_line.h"

#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "control/command_help.h"
#include "control/http/listener.h"
#include "control/output_flags.h"

namespace tapstat::control {
namespace {

using flowstats::Result;

auto usage(std::string sentence) {
  return flowstats::fail(flowstats::ExitStatus::usage, std::move(sentence));
}

}  // namespace

/// The texts as typed; they live as long as the options that point to them.
struct SamplesCommandLine::Typed {
  CLI::App* app = nullptr;
  SamplesArguments arguments;
  std::string listen, write, colour;

  [[nodiscard]] Result<CommandLine> finish() const;
};

Result<CommandLine> SamplesCommandLine::Typed::finish() const {
  SamplesArguments a = arguments;
  if (auto set = set_colour(a.out, *app, colour); !set) return tl::make_unexpected(set.error());
  if (app->count("--listen") > 0) a.listen = listen;
  if (app->count("--write") > 0) a.write = write;
  if (a.listen && a.write) return usage("--listen and --write exclude each other.");
  if (a.listen && !http::parse_listen(*a.listen))
    return usage("--listen \"" + *a.listen +
                 "\": not an address and port. Examples: --listen 192.0.2.1:8000, --listen "
                 "[::]:8080");
  if (a.write && a.write->empty()) return usage("--write needs the name of a directory.");
  if (a.overwrite && !a.write) return usage("--overwrite needs --write.");
  return CommandLine{std::move(a)};
}

SamplesCommandLine::SamplesCommandLine() : typed_(std::make_unique<Typed>()) {}
SamplesCommandLine::~SamplesCommandLine() = default;

void SamplesCommandLine::add_to(CLI::App& app) {
  CLI::App* const on = app.add_subcommand(
      "samples", std::string("Serve files of known size over HTTP, to make traffic with\n\n") +
                     kSamplesExamples);
  typed_->app = on;
  on->add_option("--listen", typed_->listen,
                 "where; port 0 takes any free one [port 8000 of all addresses, IPv4 and IPv6]")
      ->type_name("ADDR:PORT");
  on->add_option("--write", typed_->write, "write the files there instead, for another web server")
      ->type_name("DIR");
  on->add_flag("--overwrite", typed_->arguments.overwrite,
               "with --write: replace files of these names that hold something else");
  add_output_flags(*on, typed_->arguments.out, typed_->colour);
}

std::optional<Result<CommandLine>> SamplesCommandLine::finish() const {
  if (!typed_->app->parsed()) return std::nullopt;
  return typed_->finish();
}

}  // namespace tapstat::control
