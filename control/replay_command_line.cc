#include "control/replay_command_line.h"

#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "control/command_help.h"
#include "control/config_value.h"
#include "control/measure_flags.h"
#include "control/option_values.h"
#include "control/text.h"
#include "control/typed_values.h"

namespace tapstat::control {
namespace {

using flowstats::Result;

Parsed<uint64_t> parse_loops(std::string_view text) {
  const auto n = number<uint64_t>(text);
  if (n) return *n;
  return tl::make_unexpected<std::string>("not a number. 0 repeats until stopped.");
}

class ReplayCommandLine final : public OneCommand {
 public:
  void add_to(CLI::App& app) override;

 private:
  [[nodiscard]] Result<CommandLine> checked() const override;

  ReplayArguments arguments_;
  MeasureFlags shared_;
  std::string source_, loops_, speed_;
  bool no_unpack_ = false;
};

void ReplayCommandLine::add_to(CLI::App& app) {
  CLI::App* const on = app.add_subcommand(
      "replay",
      std::string("Replay captures through DPDK into Tstat's TCP logs\n\n") + kReplayExamples);
  app_ = on;
  on->add_option(
        "FILE", arguments_.files,
        "captures (pcap, pcapng; gzip and zstd are unpacked), replayed in this order as one run")
      ->required()
      ->type_name("");
  shared_.add_to(*on, arguments_, "[name of the first capture + .out]");
  on->add_option("--source", source_,
                 "how packets arrive: dpdk, file (read directly) or preloaded (from memory) [dpdk]")
      ->type_name("NAME");
  on->add_option("--loop", loops_,
                 "replay N times, times shifted each round; 0 = until stopped [1]")
      ->type_name("N");
  on->add_option("--speed", speed_, "max, realtime or a factor: x0.5, x10 [max]")
      ->type_name("SPEED");
  on->add_flag("--serve", arguments_.serve,
               "mPlane, REST and metrics over HTTP while the replay runs (docs/control.md)");
  on->add_flag("--no-unpack", no_unpack_, "refuse compressed captures");
}

Result<CommandLine> ReplayCommandLine::checked() const {
  ReplayArguments a = arguments_;
  if (auto shared = shared_.finish(*app_, a); !shared) return tl::make_unexpected(shared.error());
  TypedValues typed(*app_);
  typed.take<dataplane::ReaderKind>("--source", source_, parse_source,
                                    [&](auto v) { a.source = v; });
  typed.take<uint64_t>("--loop", loops_, parse_loops, [&](auto v) { a.loops = v; });
  typed.take<double>("--speed", speed_, parse_speed, [&](auto v) { a.speed = v; });
  if (typed.error()) return flowstats::fail(flowstats::ExitStatus::usage, *typed.error());
  a.unpack = !no_unpack_;
  return CommandLine{std::move(a)};
}

}  // namespace

std::unique_ptr<CommandPart> replay_command_line() { return std::make_unique<ReplayCommandLine>(); }

}  // namespace tapstat::control
