#include "control/split/split_command_line.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "control/option_values.h"
#include "control/output_flags.h"
#include "control/split/input_files.h"
#include "control/text.h"

namespace tapstat::control::splitting {

using flowstats::ExitStatus;
using flowstats::Result;

namespace {

constexpr const char* kHelp = R"(Cut captures into one for each connection, host or port

Examples:
  tapstat split hour1.tra hour2.tra -o pieces             one capture for each connection
  tapstat split trace.pcap -o pieces -m host -N internal.nets
  tapstat split trace.pcap -o pieces --filter "tcp port 443" --only-complete
  zcat trace.pcap.gz | tapstat split - -o pieces --max-files 100

Packets that two captures have both are written once. pieces/index.tsv lists the connections.
)";

constexpr std::pair<std::string_view, Grouping> kGroupings[] = {{"conn", Grouping::connection},
                                                                {"host", Grouping::host},
                                                                {"pair", Grouping::pair},
                                                                {"port", Grouping::port}};

auto usage(std::string sentence) { return flowstats::fail(ExitStatus::usage, std::move(sentence)); }

/// The texts as typed; they live as long as the options that point to them.
struct Typed {
  CLI::App* app = nullptr;
  SplitArguments arguments;
  std::string output, networks, filter, grouping, packets_min, buckets, memory, window, colour;
  bool no_progress = false, no_unpack = false;

  [[nodiscard]] Result<CommandLine> finish() const;
  [[nodiscard]] Result<void> set_numbers(SplitOptions& options) const;
  [[nodiscard]] Result<void> set_grouping(SplitOptions& options) const;
  [[nodiscard]] Result<void> check(const SplitOptions& options) const;
  [[nodiscard]] bool has(const char* flag) const { return app->count(flag) > 0; }
};

class SplitCommandLine final : public OneCommand {
 public:
  void add_to(CLI::App& app) override;

 private:
  [[nodiscard]] Result<CommandLine> checked() const override { return typed_.finish(); }

  Typed typed_;
};

void SplitCommandLine::add_to(CLI::App& app) {
  Typed& t = typed_;
  SplitOptions& o = t.arguments.options;
  t.app = app_ = app.add_subcommand("split", kHelp);
  t.app
      ->add_option("FILE", o.files,
                   "captures (pcap, pcapng; gzip and zstd are unpacked) in any order; - is "
                   "standard input")
      ->required()
      ->type_name("");
  const auto text = [&](const char* name, std::string& value, const char* type, const char* help) {
    t.app->add_option(name, value, help)->type_name(type);
  };
  text("-o,--output", t.output, "DIR", "directory for the pieces and their index (required)");
  text("-m,--mode", t.grouping, "WHAT",
       "one capture for each conn (connection), host (local address), pair (of addresses) or port "
       "(of the server) [conn]");
  text("-N,--internal", t.networks, "FILE",
       "internal networks: which end is local [the server is]");
  text("--filter", t.filter, "EXPR", "packets that count at all, as tcpdump's expressions");
  text("--min-packets", t.packets_min, "N", "leave out captures with fewer packets [0]");
  t.app->add_flag("--only-complete", o.only_complete,
                  "only connections with their SYN and a FIN or RST");
  text("--max-files", t.buckets, "N",
       "at most N captures, connections (hosts, pairs, ports) kept whole [any number]");
  text("--dup-window", t.window, "US",
       "microseconds that the times of one packet may differ between two captures [0]");
  t.app->add_flag("--keep-dups", o.keep_duplicates, "write what two captures have both twice");
  t.app->add_flag("--keep-other", o.keep_other, "write what belongs to no connection: other.pcap");
  t.app->add_flag("--icmp", o.follow_icmp, "put ICMP errors beside the connection they quote");
  text("--memory", t.memory, "SIZE", "for tables and buffers, 16M or more [512M]");
  t.app->add_flag("--force", o.force, "replace the result of an earlier split");
  t.app->add_flag("--no-unpack", t.no_unpack, "refuse compressed captures");
  t.app->add_flag("--no-progress", t.no_progress, "no progress line");
  add_output_flags(*t.app, t.arguments.out, t.colour);
}

Result<void> Typed::set_numbers(SplitOptions& options) const {
  if (has("--min-packets")) {
    const auto n = number<uint64_t>(packets_min);
    if (!n) return usage("--min-packets \"" + packets_min + "\": not a number.");
    options.packets_min = *n;
  }
  if (has("--max-files")) {
    const auto n = number<uint32_t>(buckets);
    if (!n || *n < 1 || *n > kBucketsMax)
      return usage("--max-files \"" + buckets + "\": not a number of 1 to 100000.");
    options.buckets = *n;
  }
  if (has("--dup-window")) {
    const auto n = number<uint32_t>(window);
    if (!n || *n > kDuplicateWindowMaxUs)
      return usage("--dup-window \"" + window + "\": not a number of microseconds, 0 to 1000000.");
    options.duplicate_window_us = *n;
  }
  if (has("--memory")) {
    const auto n = size_of_text(memory);
    if (!n || *n < kMemoryBytesMin)
      return usage("--memory \"" + memory + "\": not a size of 16M or more. Example: 2G.");
    options.memory_bytes = *n;
  }
  return {};
}

Result<void> Typed::set_grouping(SplitOptions& options) const {
  if (!has("--mode")) return {};
  std::vector<std::string> names;
  for (const auto& [name, value] : kGroupings) {
    names.emplace_back(name);
    if (name != grouping) continue;
    options.grouping = value;
    return {};
  }
  return usage("--mode \"" + grouping + "\": " + not_one_of(grouping, names));
}

Result<void> Typed::check(const SplitOptions& options) const {
  const auto reads_standard_input =
      std::count(options.files.begin(), options.files.end(), kStandardInput);
  if (reads_standard_input > 0 && options.files.size() > 1)
    return usage("- (standard input) cannot stand beside other captures.");
  if (options.output.empty()) return usage("split needs -o DIR.");
  const bool is_bucketed = options.buckets > 0;
  if (options.only_complete && (options.grouping != Grouping::connection || is_bucketed))
    return usage("--only-complete needs a capture for each connection: no -m, no --max-files.");
  if (options.packets_min > 0 && is_bucketed)
    return usage("--min-packets and --max-files exclude each other.");
  if (options.keep_duplicates && has("--dup-window"))
    return usage("--keep-dups and --dup-window exclude each other.");
  return {};
}

Result<CommandLine> Typed::finish() const {
  SplitArguments a = arguments;
  if (auto set = set_colour(a.out, *app, colour); !set) return tl::make_unexpected(set.error());
  a.options.output = output;
  if (has("--internal")) a.options.networks = networks;
  if (has("--filter")) a.options.filter = filter;
  a.options.unpack = !no_unpack;
  a.options.progress = !no_progress;
  if (const auto set = set_numbers(a.options); !set) return tl::make_unexpected(set.error());
  if (const auto set = set_grouping(a.options); !set) return tl::make_unexpected(set.error());
  if (const auto fits = check(a.options); !fits) return tl::make_unexpected(fits.error());
  return CommandLine{std::move(a)};
}

}  // namespace

std::unique_ptr<CommandPart> split_command_line() { return std::make_unique<SplitCommandLine>(); }

}  // namespace tapstat::control::splitting
