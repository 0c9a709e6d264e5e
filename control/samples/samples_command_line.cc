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

class SamplesCommandLine final : public OneCommand {
 public:
  void add_to(CLI::App& app) override;

 private:
  [[nodiscard]] Result<CommandLine> checked() const override;

  SamplesArguments arguments_;
  std::string listen_, write_, colour_;
};

Result<CommandLine> SamplesCommandLine::checked() const {
  SamplesArguments a = arguments_;
  if (auto set = set_colour(a.out, *app_, colour_); !set) return tl::make_unexpected(set.error());
  if (app_->count("--listen") > 0) a.listen = listen_;
  if (app_->count("--write") > 0) a.write = write_;
  if (a.listen && a.write) return usage("--listen and --write exclude each other.");
  if (a.listen && !http::parse_listen(*a.listen))
    return usage("--listen \"" + *a.listen +
                 "\": not an address and port. Examples: --listen 192.0.2.1:8000, --listen "
                 "[::]:8080");
  if (a.write && a.write->empty()) return usage("--write needs the name of a directory.");
  if (a.overwrite && !a.write) return usage("--overwrite needs --write.");
  return CommandLine{std::move(a)};
}

void SamplesCommandLine::add_to(CLI::App& app) {
  CLI::App* const on = app.add_subcommand(
      "samples", std::string("Serve files of known size over HTTP, to make traffic with\n\n") +
                     kSamplesExamples);
  app_ = on;
  on->add_option("--listen", listen_,
                 "where; port 0 takes any free one [port 8000 of all addresses, IPv4 and IPv6]")
      ->type_name("ADDR:PORT");
  on->add_option("--write", write_, "write the files there instead, for another web server")
      ->type_name("DIR");
  on->add_flag("--overwrite", arguments_.overwrite,
               "with --write: replace files of these names that hold something else");
  add_output_flags(*on, arguments_.out, colour_);
}

}  // namespace

std::unique_ptr<CommandPart> samples_command_line() {
  return std::make_unique<SamplesCommandLine>();
}

}  // namespace tapstat::control
