#include "control/command_line.h"

#include <algorithm>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "control/command_help.h"
#include "control/config_value.h"
#include "control/option_values.h"
#include "control/output_flags.h"
#include "control/privacy_flags.h"
#include "control/remote_command_line.h"
#include "control/samples/samples_command_line.h"
#include "control/split/split_command_line.h"
#include "control/text.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::Result;

/// The texts as typed; converted after CLI11 is done, so that all messages have one form.
struct Raw {
  std::string groups, outputs, logs, schema, mode, source, workers, loops, speed, loss, colour,
      flows;
  std::string output, networks, runtime_conf, config, listen, mirror, socket;
  std::string seconds, rounds, snap, key_file, trace, trace_filter;
  PrivacyFlags privacy;
  bool quiet = false, json = false, markdown = false, no_unpack = false, no_progress = false;
};

void add_output_flags(CLI::App& app, OutputArguments& out, Raw& raw) {
  add_output_flags(app, out, raw.colour);
}

void add_replay(CLI::App& app, ReplayArguments& a, Raw& raw) {
  app.add_option(
         "FILE", a.files,
         "captures (pcap, pcapng; gzip and zstd are unpacked), replayed in this order as one run")
      ->required()
      ->type_name("");
  const auto text = [&](const char* name, std::string& value, const char* type, const char* help) {
    app.add_option(name, value, help)->type_name(type);
  };
  text("-s,--output", raw.output, "DIR",
       "directory for the logs [name of the first capture + .out]");
  text("-N,--internal", raw.networks, "FILE", "internal networks [all addresses are internal]");
  raw.privacy.add_to(app);
  text("-T,--runtime", raw.runtime_conf, "FILE",
       "Tstat's runtime.conf: which groups and logs are written");
  text("-c,--config", raw.config, "FILE", "tapstat.toml");
  text("-g,--groups", raw.groups, "LIST",
       "core,end_to_end,p2p,options,layer7,fingerprint, or all (but the last) or none [all]; wins "
       "over -T");
  text("-o,--outputs", raw.outputs, "LIST",
       "tstat (its logs), web100 (exit records, docs/web100.md) [tstat]");
  text("--logs", raw.logs, "LIST",
       "tcp_complete,tcp_nocomplete,udp_complete,mm_complete,http_complete,dns_complete,"
       "tcp_periodic,udp_periodic, or usual, all, none [usual]; wins over -T");
  text("--schema", raw.schema, "NAME", "columns: mplane (as published 2014) or tstat-3.3 [mplane]");
  text("--mode", raw.mode, "NAME", "tstat (its numbers, quirks included) or corrected [tstat]");
  text("--source", raw.source, "NAME",
       "how packets arrive: dpdk, file (read directly) or preloaded (from memory) [dpdk]");
  text("--workers", raw.workers, "N", "worker threads, 1 to 64 [1]");
  text("--flows", raw.flows, "N",
       "TCP flows of one worker [180000; 1000000 with --mode corrected]");
  text("--loop", raw.loops, "N", "replay N times, times shifted each round; 0 = until stopped [1]");
  text("--speed", raw.speed, "SPEED", "max, realtime or a factor: x0.5, x10 [max]");
  text("--trace", raw.trace, "DIR",
       "hourly traces of packets below this directory (docs/traces.md)");
  text("--trace-filter", raw.trace_filter, "EXPR",
       "which packets, as for tcpdump; with --trace [tcp port 8000]");
  app.add_flag("--discard-duplicates", a.discard_duplicates,
               "leave out frames that a mirror port copied within 2 ms");
  app.add_flag("--gzip", a.gzip, "compress the logs");
  app.add_flag("--no-huge-pages", a.no_huge_pages, "4 KiB pages only, to compare");
  app.add_flag("--serve", a.serve,
               "mPlane, REST and metrics over HTTP while the replay runs (docs/control.md)");
  text("--listen", raw.listen, "ADDR:PORT",
       "where, with --serve; port 0 takes any free one [127.0.0.1:8888]");
  text("--mirror", raw.mirror, "FILE",
       "with --serve: a runtime.conf that always shows which groups are on");
  text("--socket", raw.socket, "PATH",
       "with --serve: socket of tapstat status, groups, stop [tapstat-PORT.sock in the run "
       "directory]");
  text("--fail-on-loss", raw.loss, "=PERCENT",
       "exit status 5 when more packets or records are lost [0 %]");
  app.add_flag("--no-unpack", raw.no_unpack, "refuse compressed captures");
  app.add_flag("--dry-run", a.dry_run, "check everything, print the plan, write nothing");
  app.add_flag("--json", a.json, "print the summary as JSON instead of the table");
  app.add_flag("--no-progress", raw.no_progress, "no progress line");
  add_output_flags(app, a.out, raw);
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

/// Converts one value that was typed; the first error wins.
class Converter {
 public:
  template <class T>
  void take(const char* flag, const std::string& text, const CLI::App& app,
            Parsed<T> (*parse)(std::string_view), const std::function<void(T)>& store) {
    if (app.count(flag) == 0 || error_) return;
    Parsed<T> value = parse(text);
    if (value)
      store(*value);
    else
      error_ = std::string(flag) + " \"" + text + "\": " + value.error();
  }
  std::optional<std::string> error_;
};

Parsed<unsigned> parse_workers(std::string_view text) {
  const auto n = number<unsigned>(text);
  if (n && *n >= 1 && *n <= kWorkersMax) return *n;
  return tl::make_unexpected<std::string>("not a number of 1 to 64.");
}

Parsed<uint32_t> parse_flows(std::string_view text) {
  const auto n = number<uint32_t>(text);
  if (n && *n >= 1 && *n <= kFlowCapacityMax) return *n;
  return tl::make_unexpected<std::string>("not a number of 1 to 100000000.");
}

Parsed<uint64_t> parse_loops(std::string_view text) {
  const auto n = number<uint64_t>(text);
  if (n) return *n;
  return tl::make_unexpected<std::string>("not a number. 0 repeats until stopped.");
}

Parsed<double> parse_percent(std::string_view text) {
  const auto n = number<double>(text.ends_with('%') ? text.substr(0, text.size() - 1) : text);
  if (n && *n >= 0 && *n <= 100) return *n;
  return tl::make_unexpected<std::string>(
      "not a percentage of 0 to 100. Example: --fail-on-loss=0.1");
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

std::optional<std::string> complaint_about_serving(const ReplayArguments& a) {
  if (a.listen && !is_host_and_port(*a.listen))
    return "--listen \"" + *a.listen +
           "\": not an address and port. Example: --listen 127.0.0.1:8888";
  if (a.serve) return std::nullopt;
  for (const auto& [flag, given] :
       {std::pair{"--listen", a.listen.has_value()}, std::pair{"--mirror", a.mirror.has_value()},
        std::pair{"--socket", a.socket.has_value()}})
    if (given) return std::string(flag) + " needs --serve.";
  return std::nullopt;
}

Result<CommandLine> finish(const CLI::App& app, ReplayArguments& a, const Raw& raw) {
  Converter c;
  c.take<flowstats::GroupMask>("--groups", raw.groups, app, parse_groups,
                               [&](auto v) { a.groups = v; });
  c.take<OutputChoice>("--outputs", raw.outputs, app, parse_outputs,
                       [&](auto v) { a.outputs = v; });
  c.take<flowstats::LogMask>("--logs", raw.logs, app, parse_logs, [&](auto v) { a.logs = v; });
  c.take<flowstats::Schema>("--schema", raw.schema, app, parse_schema,
                            [&](auto v) { a.schema = v; });
  c.take<flowstats::Mode>("--mode", raw.mode, app, parse_mode, [&](auto v) { a.mode = v; });
  c.take<dataplane::ReaderKind>("--source", raw.source, app, parse_source,
                                [&](auto v) { a.source = v; });
  c.take<unsigned>("--workers", raw.workers, app, parse_workers, [&](auto v) { a.workers = v; });
  c.take<uint32_t>("--flows", raw.flows, app, parse_flows, [&](auto v) { a.flow_capacity = v; });
  c.take<uint64_t>("--loop", raw.loops, app, parse_loops, [&](auto v) { a.loops = v; });
  c.take<double>("--speed", raw.speed, app, parse_speed, [&](auto v) { a.speed = v; });
  c.take<double>("--fail-on-loss", raw.loss, app, parse_percent,
                 [&](auto v) { a.fail_on_loss_percent = v; });
  c.take<ColourWhen>("--color", raw.colour, app, parse_colour, [&](auto v) { a.out.colour = v; });
  if (c.error_) return flowstats::fail(ExitStatus::usage, *c.error_);
  set_path(a.output, raw.output, app, "--output");
  set_path(a.networks, raw.networks, app, "--internal");
  set_path(a.runtime_conf, raw.runtime_conf, app, "--runtime");
  set_path(a.config, raw.config, app, "--config");
  set_path(a.mirror, raw.mirror, app, "--mirror");
  set_path(a.socket, raw.socket, app, "--socket");
  set_path(a.trace.directory, raw.trace, app, "--trace");
  if (app.count("--trace-filter") > 0) a.trace.filter = raw.trace_filter;
  if (app.count("--listen") > 0) a.listen = raw.listen;
  if (const auto wrong = complaint_about_serving(a))
    return flowstats::fail(ExitStatus::usage, *wrong);
  a.unpack = !raw.no_unpack;
  a.progress = !raw.no_progress;
  if (auto privacy = raw.privacy.finish(app))
    a.privacy = std::move(*privacy);
  else
    return tl::make_unexpected(privacy.error());
  for (const auto& path : {a.output, a.networks, a.runtime_conf, a.config, a.trace.directory})
    if (path && path->empty())
      return flowstats::fail(ExitStatus::usage, "an empty file name was given to a flag.");
  return CommandLine{std::move(a)};
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
  Converter c;
  c.take<ColourWhen>("--color", raw.colour, app, parse_colour, [&](auto v) { a.out.colour = v; });
  if (c.error_) return flowstats::fail(ExitStatus::usage, *c.error_);
  a.config_given = app.count("FILE") > 0;
  if (a.config_given) a.config = raw.config;
  set_path(a.networks, raw.networks, app, "--internal");
  set_path(a.runtime_conf, raw.runtime_conf, app, "--runtime");
  return CommandLine{a};
}

Result<CommandLine> finish(const CLI::App& app, BenchArguments& a, const Raw& raw) {
  Converter c;
  c.take<uint32_t>("--flows", raw.flows, app, parse_flows, [&](auto v) { a.flows = v; });
  c.take<unsigned>("--workers", raw.workers, app, parse_workers, [&](auto v) { a.workers = v; });
  c.take<double>("--seconds", raw.seconds, app, parse_seconds, [&](auto v) { a.seconds = v; });
  c.take<unsigned>("--rounds", raw.rounds, app, parse_rounds, [&](auto v) { a.rounds = v; });
  c.take<uint16_t>("--snap", raw.snap, app, parse_snap, [&](auto v) { a.snap = v; });
  c.take<flowstats::Mode>("--mode", raw.mode, app, parse_mode, [&](auto v) { a.mode = v; });
  c.take<ColourWhen>("--color", raw.colour, app, parse_colour, [&](auto v) { a.out.colour = v; });
  if (c.error_) return flowstats::fail(ExitStatus::usage, *c.error_);
  a.unpack = !raw.no_unpack;
  a.progress = !raw.no_progress;
  return CommandLine{std::move(a)};
}

Result<CommandLine> finish(const CLI::App& app, AnonymiseKeyArguments& a, const Raw& raw) {
  Converter c;
  c.take<ColourWhen>("--color", raw.colour, app, parse_colour, [&](auto v) { a.out.colour = v; });
  if (c.error_) return flowstats::fail(ExitStatus::usage, *c.error_);
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
  ReplayArguments replay;
  DescribeArguments describe;
  CheckArguments check;
  BenchArguments bench;
  AnonymiseKeyArguments anonymise_key;
  std::string what;
  Raw raw;
  CLI::App app(std::string("tapstat: passive per-flow TCP statistics\n\n") + kExamples, "tapstat");
  app.formatter(help_formatter());
  bool want_version = false;
  app.add_flag("--version", want_version, "print version, commit, DPDK version and build options");
  CLI::App* const on_replay = app.add_subcommand(
      "replay",
      std::string("Replay captures through DPDK into Tstat's TCP logs\n\n") + kReplayExamples);
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
  add_replay(*on_replay, replay, raw);
  add_describe(*on_describe, describe, what, raw);
  add_check(*on_check, check, raw);
  add_bench(*on_bench, bench, raw);
  RemoteCommandLine remote;
  remote.add_to(app);
  SamplesCommandLine samples;
  samples.add_to(app);
  splitting::SplitCommandLine split;
  split.add_to(app);
  app.require_subcommand(0, 1);
  give_default_values(arguments);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(std::move(reversed));
    if (want_version) return CommandLine{TextAnswer{version}};
    if (on_replay->parsed()) return finish(*on_replay, replay, raw);
    if (on_describe->parsed()) return finish(*on_describe, describe, what, raw);
    if (on_check->parsed()) return finish(*on_check, check, raw);
    if (on_bench->parsed()) return finish(*on_bench, bench, raw);
    if (on_key->parsed()) return finish(*on_key, anonymise_key, raw);
    if (auto line = remote.finish()) return *std::move(line);
    if (auto line = samples.finish()) return *std::move(line);
    if (auto line = split.finish()) return *std::move(line);
    return flowstats::fail(ExitStatus::usage, "a command is missing. Run \"tapstat --help\".");
  } catch (const CLI::CallForHelp&) {
    const CLI::App* const command = typed_command(app);
    return CommandLine{TextAnswer{(command != nullptr ? command : &app)->help()}};
  } catch (const CLI::Error& error) {
    return flowstats::fail(ExitStatus::usage, explain(app, error));
  }
}

}  // namespace tapstat::control
