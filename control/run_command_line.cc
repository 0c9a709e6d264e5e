#include "control/run_command_line.h"

#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "control/command_help.h"
#include "control/config_value.h"
#include "control/measure_flags.h"
#include "control/option_values.h"
#include "control/ports_config.h"
#include "control/text.h"
#include "control/typed_values.h"

namespace tapstat::control {
namespace {

using flowstats::Result;

Parsed<uint32_t> parse_live_snap(std::string_view text) {
  const auto n = number<uint32_t>(text);
  if (n && *n >= kSnapBytesMin && *n <= kLiveSnapBytesMax) return *n;
  return tl::make_unexpected<std::string>("not a number of bytes, 64 to 262144.");
}

Parsed<flowstats::Duration> parse_run_length(std::string_view text) {
  const auto length = parse_duration(text);
  if (length && length->us > 0) return *length;
  return tl::make_unexpected<std::string>("not a duration. Examples: \"30s\", \"5m\", \"1h\".");
}

Parsed<std::vector<int>> parse_typed_cores(std::string_view text) {
  auto cores = parse_cores(text);
  if (!cores.empty()) return cores;
  return tl::make_unexpected<std::string>("not a list of cores. Examples: \"4-7\", \"0,2,4\".");
}

class RunCommandLine final : public OneCommand {
 public:
  void add_to(CLI::App& app) override;

 private:
  [[nodiscard]] Result<CommandLine> checked() const override;

  RunArguments arguments_;
  MeasureFlags shared_;
  std::string snap_, duration_, user_, cores_;
  bool no_serve_ = false;
};

void RunCommandLine::add_to(CLI::App& app) {
  CLI::App* const on =
      app.add_subcommand("run", std::string("Measure live ports until stopped\n\n") + kRunExamples);
  app_ = on;
  on->add_option(
        "-i,--interface", arguments_.ports,
        "an interface of the kernel, a PCI address or a DPDK device; repeat for more; wins "
        "over [ports]")
      ->type_name("PORT")
      ->allow_extra_args(false);
  shared_.add_to(*on, arguments_, "[[output.tstat] directory]");
  on->add_option("--snaplen", snap_, "bytes taken of a frame, 64 to 262144 [2048]")
      ->type_name("BYTES");
  on->add_option("--duration", duration_, "stop after this time, e.g. 30s, 5m, 1h [until stopped]")
      ->type_name("TIME");
  on->add_option("--cores", cores_, "CPUs of the workers, one worker for each: 4-7 or 0,2,4")
      ->type_name("LIST");
  on->add_option("--user", user_, "keep only this user's rights once ports and files are open")
      ->type_name("NAME");
  on->add_flag("--no-serve", no_serve_, "without control plane: no mPlane, REST and metrics");
}

Result<CommandLine> RunCommandLine::checked() const {
  RunArguments a = arguments_;
  a.serve = !no_serve_;
  if (auto shared = shared_.finish(*app_, a); !shared) return tl::make_unexpected(shared.error());
  TypedValues typed(*app_);
  typed.take<uint32_t>("--snaplen", snap_, parse_live_snap, [&](auto v) { a.snap_bytes = v; });
  typed.take<flowstats::Duration>("--duration", duration_, parse_run_length,
                                  [&](auto v) { a.duration = v; });
  typed.take<std::vector<int>>("--cores", cores_, parse_typed_cores, [&](auto v) { a.cores = v; });
  if (typed.error()) return flowstats::fail(flowstats::ExitStatus::usage, *typed.error());
  typed.take("--user", user_, a.user);
  return CommandLine{std::move(a)};
}

}  // namespace

std::unique_ptr<CommandPart> run_command_line() { return std::make_unique<RunCommandLine>(); }

}  // namespace tapstat::control
