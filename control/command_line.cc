#include "control/command_line.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "control/command_help.h"
#include "control/doctor/doctor_command_line.h"
#include "control/measure_flags.h"
#include "control/option_values.h"
#include "control/output_flags.h"
#include "control/remote_command_line.h"
#include "control/replay_command_line.h"
#include "control/run_command_line.h"
#include "control/samples/samples_command_line.h"
#include "control/split/split_command_line.h"
#include "control/text.h"
#include "control/typed_values.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;

/// The texts as typed; converted after CLI11 is done, so that all messages have one form.
struct Raw {
  std::string mode, workers, colour, flows, networks, runtime_conf, config;
  std::string seconds, rounds, snap, key_file;
  bool json = false, markdown = false, no_unpack = false, no_progress = false;
};

void add_output_flags(CLI::App& app, OutputArguments& out, Raw& raw) {
  add_output_flags(app, out, raw.colour);
}

void add_describe(CLI::App& app, DescribeArguments& a, std::string& what, Raw& raw) {
  app.add_option("WHAT", what, "columns, counters or config")->required()->type_name("");
  app.add_flag("--origin", a.origin,
               "of config: the values in force, and which file, variable or default set them");
  app.add_option("-c,--config", raw.config, "tapstat.toml, with --origin")->type_name("FILE");
  app.add_flag("--json", raw.json, "as JSON");
  app.add_flag("--markdown", raw.markdown, "as a Markdown page");
}

void add_check(CLI::App& app, CheckArguments& a, Raw& raw) {
  app.add_option("FILE", raw.config, "tapstat.toml [tapstat.toml in the current directory]")
      ->type_name("");
  app.add_option("-N,--internal", raw.networks, "a list of internal networks")->type_name("FILE");
  app.add_option("-T,--runtime", raw.runtime_conf, "a runtime.conf")->type_name("FILE");
  add_output_flags(app, a.out, raw);
}

void add_anonymise_key(CLI::App& app, AnonymiseKeyArguments& a, Raw& raw) {
  app.add_option("FILE", raw.key_file, "the file to make; it must not be there yet")
      ->required()
      ->type_name("");
  add_output_flags(app, a.out, raw);
}

void add_bench(CLI::App& app, BenchArguments& a, Raw& raw) {
  app.add_option("FILE", a.files, "captures (as for replay), read in this order as one load")
      ->required()
      ->type_name("");
  const auto text = [&](const char* name, std::string& value, const char* type, const char* help) {
    app.add_option(name, value, help)->type_name(type);
  };
  text("--flows", raw.flows, "N",
       "TCP flows open at the same time, over all workers: the captures are repeated side by side "
       "with other addresses until there are as many [10000]");
  text("--workers", raw.workers, "N", "worker threads, each on a core of its own, 1 to 64 [1]");
  text("--seconds", raw.seconds, "S", "how long to measure, after warming up [10]");
  text("--rounds", raw.rounds, "N",
       "turns of worker path, floor and rows at least; none is longer than 2 s [7]");
  text("--snap", raw.snap, "BYTES", "bytes kept of a frame, 64 to 2048 [128]");
  text("--mode", raw.mode, "NAME", "tstat (its numbers, quirks included) or corrected [tstat]");
  app.add_flag("--json", a.json, "print one JSON document instead of the table");
  app.add_flag("--no-unpack", raw.no_unpack, "refuse compressed captures");
  app.add_flag("--no-progress", raw.no_progress, "no progress line");
  add_output_flags(app, a.out, raw);
}

Parsed<double> parse_seconds(std::string_view text) {
  const auto n = number<double>(text);
  if (n && *n >= 0.01 && *n <= 86'400) return *n;
  return tl::make_unexpected<std::string>("not a number of seconds, 0.01 to 86400.");
}

Parsed<unsigned> parse_rounds(std::string_view text) {
  const auto n = number<unsigned>(text);
  if (n && *n >= 1 && *n <= 1000) return *n;
  return tl::make_unexpected<std::string>("not a number of 1 to 1000.");
}

Parsed<uint16_t> parse_snap(std::string_view text) {
  const auto n = number<uint16_t>(text);
  if (n && *n >= kSnapBytesMin && *n <= kSnapBytesMax) return *n;
  return tl::make_unexpected<std::string>("not a number of bytes, 64 to 2048.");
}

void set_path(std::optional<std::filesystem::path>& path, const std::string& text,
              const CLI::App& app, const char* flag) {
  if (app.count(flag) > 0) path = text;
}

Result<CommandLine> finish(const CLI::App& app, DescribeArguments& a, const std::string& what,
                           const Raw& raw) {
  using What = DescribeArguments::What;
  const std::vector<std::string> names = {"columns", "counters", "config"};  // as in What
  const auto named = std::ranges::find(names, what);
  if (named == names.end())
    return flowstats::fail(ExitStatus::usage,
                           "describe \"" + what + "\": " + not_one_of(what, names));
  a.what = static_cast<What>(named - names.begin());
  set_path(a.config, raw.config, app, "--config");
  if (a.origin && a.what != What::config)
    return flowstats::fail(ExitStatus::usage, "--origin belongs to \"describe config\".");
  if (a.config && !a.origin) return flowstats::fail(ExitStatus::usage, "--config needs --origin.");
  if (raw.json && raw.markdown)
    return flowstats::fail(ExitStatus::usage, "--json and --markdown exclude each other.");
  using Form = exporters::CatalogueForm;
  a.form = raw.json ? Form::json : raw.markdown ? Form::markdown : Form::text;
  return CommandLine{a};
}

Result<CommandLine> finish(const CLI::App& app, CheckArguments& a, const Raw& raw) {
  TypedValues c(app);
  c.take<ColourWhen>("--color", raw.colour, parse_colour, [&](auto v) { a.out.colour = v; });
  if (c.error()) return flowstats::fail(ExitStatus::usage, *c.error());
  a.config_given = app.count("FILE") > 0;
  if (a.config_given) a.config = raw.config;
  set_path(a.networks, raw.networks, app, "--internal");
  set_path(a.runtime_conf, raw.runtime_conf, app, "--runtime");
  return CommandLine{a};
}

Result<CommandLine> finish(const CLI::App& app, BenchArguments& a, const Raw& raw) {
  TypedValues c(app);
  c.take<uint32_t>("--flows", raw.flows, parse_flows, [&](auto v) { a.flows = v; });
  c.take<unsigned>("--workers", raw.workers, parse_workers, [&](auto v) { a.workers = v; });
  c.take<double>("--seconds", raw.seconds, parse_seconds, [&](auto v) { a.seconds = v; });
  c.take<unsigned>("--rounds", raw.rounds, parse_rounds, [&](auto v) { a.rounds = v; });
  c.take<uint16_t>("--snap", raw.snap, parse_snap, [&](auto v) { a.snap = v; });
  c.take<flowstats::Mode>("--mode", raw.mode, parse_mode, [&](auto v) { a.mode = v; });
  c.take<ColourWhen>("--color", raw.colour, parse_colour, [&](auto v) { a.out.colour = v; });
  if (c.error()) return flowstats::fail(ExitStatus::usage, *c.error());
  a.unpack = !raw.no_unpack;
  a.progress = !raw.no_progress;
  return CommandLine{std::move(a)};
}

Result<CommandLine> finish(const CLI::App& app, AnonymiseKeyArguments& a, const Raw& raw) {
  TypedValues c(app);
  c.take<ColourWhen>("--color", raw.colour, parse_colour, [&](auto v) { a.out.colour = v; });
  if (c.error()) return flowstats::fail(ExitStatus::usage, *c.error());
  if (raw.key_file.empty())
    return flowstats::fail(ExitStatus::usage, "anonymise-key needs the name of a file.");
  a.file = raw.key_file;
  return CommandLine{a};
}

/// CLI11's optional value would swallow the next file name, so a bare flag gets its default here.
void give_default_values(std::vector<std::string>& arguments) {
  for (std::string& argument : arguments)
    if (argument == "--fail-on-loss") argument = "--fail-on-loss=0";
}

/// The sentence about a command without its operand.
std::string what_is_missing(const CLI::App& command) {
  const std::string& name = command.get_name();
  if (name == "describe") return "describe what? columns, counters or config.";
  const std::string_view operand =
      name == "anonymise-key" ? "the name of a file" : "a capture file";
  return fmt::format("{0} needs {1}. Run \"tapstat {0} --help\".", name, operand);
}

/// nullptr when none was.
const CLI::App* typed_command(const CLI::App& app) {
  const auto typed = app.get_subcommands([](const CLI::App* sub) { return sub->parsed(); });
  return typed.empty() ? nullptr : typed.front();
}

/// The sentence about what was not understood.
std::string explain(const CLI::App& app, const CLI::Error& error) {
  const CLI::App* const command = typed_command(app);
  if (!app.remaining(true).empty()) return explain_extra(app, command);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && command != nullptr)
    return what_is_missing(*command);
  return std::string(error.what()) + ". Run \"tapstat --help\".";
}

}  // namespace

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

Result<void> set_colour(OutputArguments& out, const CLI::App& app, const std::string& text) {
  if (app.count("--color") == 0) return {};
  const Parsed<ColourWhen> colour = parse_colour(text);
  if (!colour)
    return flowstats::fail(ExitStatus::usage, "--color \"" + text + "\": " + colour.error());
  out.colour = *colour;
  return {};
}

Result<CommandLine> parse_command_line(std::vector<std::string> arguments,
                                       const std::string& version) {
  DescribeArguments describe;
  CheckArguments check;
  BenchArguments bench;
  AnonymiseKeyArguments anonymise_key;
  std::string what;
  Raw raw;
  CLI::App app(std::string("tapstat: passive per-flow TCP statistics\n\n") + kExamples, "tapstat");
  app.formatter(help_formatter());
  const std::unique_ptr<CommandPart> parts[] = {replay_command_line(),
                                                run_command_line(),
                                                remote_command_line(),
                                                samples_command_line(),
                                                splitting::split_command_line(),
                                                doctor::doctor_command_line(),
                                                doctor::host_setup_command_line()};
  for (const auto& part : parts) part->add_to(app);
  bool want_version = false;
  app.add_flag("--version", want_version, "print version, commit, DPDK version and build options");
  CLI::App* const on_describe = app.add_subcommand(
      "describe", "Explain the columns of the logs, the counters, or the keys of tapstat.toml");
  CLI::App* const on_check =
      app.add_subcommand("check", "Check configuration files; starts and writes nothing");
  CLI::App* const on_bench = app.add_subcommand(
      "bench",
      std::string("Measure the speed of this machine with your captures\n\n") + kBenchExamples);
  CLI::App* const on_key = app.add_subcommand(
      "anonymise-key",
      "Make a file with a new key of anonymisation (replay -Y, docs/anonymisation.md)");
  add_anonymise_key(*on_key, anonymise_key, raw);
  add_describe(*on_describe, describe, what, raw);
  add_check(*on_check, check, raw);
  add_bench(*on_bench, bench, raw);
  app.require_subcommand(0, 1);
  give_default_values(arguments);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
    if (want_version) return CommandLine{TextAnswer{version}};
    if (on_describe->parsed()) return finish(*on_describe, describe, what, raw);
    if (on_check->parsed()) return finish(*on_check, check, raw);
    if (on_bench->parsed()) return finish(*on_bench, bench, raw);
    if (on_key->parsed()) return finish(*on_key, anonymise_key, raw);
    for (const auto& part : parts)
      if (auto line = part->finish()) return *std::move(line);
    return flowstats::fail(ExitStatus::usage, "a command is missing. Run \"tapstat --help\".");
  } catch (const CLI::CallForHelp&) {
    const CLI::App* const command = typed_command(app);
    return CommandLine{TextAnswer{(command != nullptr ? command : &app)->help()}};
  } catch (const CLI::Error& error) {
    return flowstats::fail(ExitStatus::usage, explain(app, error));
  }
}

}  // namespace tapstat::control
