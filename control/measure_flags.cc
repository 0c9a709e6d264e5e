#include "control/measure_flags.h"

#include <utility>

#include <CLI/CLI.hpp>

#include "control/config_value.h"
#include "control/option_values.h"
#include "control/output_flags.h"
#include "control/text.h"
#include "control/typed_values.h"

namespace tapstat::control {
namespace {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

Parsed<double> parse_percent(std::string_view text) {
  const auto n = number<double>(text.ends_with('%') ? text.substr(0, text.size() - 1) : text);
  if (n && *n >= 0 && *n <= 100) return *n;
  return tl::make_unexpected<std::string>(
      "not a percentage of 0 to 100. Example: --fail-on-loss=0.1");
}

std::optional<std::string> complaint_about_serving(const MeasureArguments& a) {
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

}  // namespace

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

void MeasureFlags::add_to(CLI::App& app, MeasureArguments& a, const std::string& output) {
  const auto text = [&](const char* name, std::string& value, const char* type,
                        const std::string& help) {
    app.add_option(name, value, help)->type_name(type);
  };
  text("-s,--output", output_, "DIR", "directory for the logs " + output);
  text("-N,--internal", networks_, "FILE", "internal networks [all addresses are internal]");
  privacy_.add_to(app);
  text("-T,--runtime", runtime_conf_, "FILE",
       "Tstat's runtime.conf: which groups and logs are written");
  text("-c,--config", config_, "FILE", "tapstat.toml");
  text("-g,--groups", groups_, "LIST",
       "core,end_to_end,p2p,options,layer7,fingerprint, or all (but the last) or none [all]; wins "
       "over -T");
  text("-o,--outputs", outputs_, "LIST",
       "tstat (its logs), web100 (exit records, docs/web100.md) [tstat]");
  text("--logs", logs_, "LIST",
       "tcp_complete,tcp_nocomplete,udp_complete,mm_complete,http_complete,dns_complete,"
       "tcp_periodic,udp_periodic, or usual, all, none [usual]; wins over -T");
  text("--schema", schema_, "NAME", "columns: mplane (as published 2014) or tstat-3.3 [mplane]");
  text("--mode", mode_, "NAME", "tstat (its numbers, quirks included) or corrected [tstat]");
  text("--workers", workers_, "N", "worker threads, 1 to 64 [1]");
  text("--flows", flows_, "N", "TCP flows of one worker [180000; 1000000 with --mode corrected]");
  text("--trace", trace_, "DIR", "hourly traces of packets below this directory (docs/traces.md)");
  text("--trace-filter", trace_filter_, "EXPR",
       "which packets, as for tcpdump; with --trace [tcp port 8000]");
  app.add_flag("--discard-duplicates", a.discard_duplicates,
               "leave out frames that a mirror port copied within 2 ms");
  app.add_flag("--gzip", a.gzip, "compress the logs");
  app.add_flag("--no-huge-pages", a.no_huge_pages, "4 KiB pages only, to compare");
  text("--listen", listen_, "ADDR:PORT",
       "where the control plane listens; port 0 takes any free one [127.0.0.1:8888]");
  text("--mirror", mirror_, "FILE", "a runtime.conf that always shows which groups are on");
  text("--socket", socket_, "PATH",
       "socket of tapstat status, groups, stop [tapstat-PORT.sock in the run directory]");
  text("--fail-on-loss", loss_, "=PERCENT",
       "exit status 5 when more packets or records are lost [0 %]");
  app.add_flag("--dry-run", a.dry_run, "check everything, print the plan, write nothing");
  app.add_flag("--json", a.json, "print the summary as JSON instead of the table");
  app.add_flag("--no-progress", no_progress_, "no progress line");
  add_output_flags(app, a.out, colour_);
}

Result<void> MeasureFlags::finish(const CLI::App& app, MeasureArguments& a) const {
  TypedValues typed(app);
  typed.take<flowstats::GroupMask>("--groups", groups_, parse_groups,
                                   [&](auto v) { a.groups = v; });
  typed.take<OutputChoice>("--outputs", outputs_, parse_outputs, [&](auto v) { a.outputs = v; });
  typed.take<flowstats::LogMask>("--logs", logs_, parse_logs, [&](auto v) { a.logs = v; });
  typed.take<flowstats::Schema>("--schema", schema_, parse_schema, [&](auto v) { a.schema = v; });
  typed.take<flowstats::Mode>("--mode", mode_, parse_mode, [&](auto v) { a.mode = v; });
  typed.take<unsigned>("--workers", workers_, parse_workers, [&](auto v) { a.workers = v; });
  typed.take<uint32_t>("--flows", flows_, parse_flows, [&](auto v) { a.flow_capacity = v; });
  typed.take<double>("--fail-on-loss", loss_, parse_percent,
                     [&](auto v) { a.fail_on_loss_percent = v; });
  typed.take<ColourWhen>("--color", colour_, parse_colour, [&](auto v) { a.out.colour = v; });
  if (typed.error()) return fail(ExitStatus::usage, *typed.error());
  typed.take("--output", output_, a.output);
  typed.take("--internal", networks_, a.networks);
  typed.take("--runtime", runtime_conf_, a.runtime_conf);
  typed.take("--config", config_, a.config);
  typed.take("--mirror", mirror_, a.mirror);
  typed.take("--socket", socket_, a.socket);
  typed.take("--trace", trace_, a.trace.directory);
  typed.take("--trace-filter", trace_filter_, a.trace.filter);
  typed.take("--listen", listen_, a.listen);
  if (const auto wrong = complaint_about_serving(a)) return fail(ExitStatus::usage, *wrong);
  a.progress = !no_progress_;
  auto privacy = privacy_.finish(app);
  if (!privacy) return tl::make_unexpected(privacy.error());
  a.privacy = std::move(*privacy);
  for (const auto& path : {a.output, a.networks, a.runtime_conf, a.config, a.trace.directory})
    if (path && path->empty())
      return fail(ExitStatus::usage, "an empty file name was given to a flag.");
  return {};
}

}  // namespace tapstat::control
