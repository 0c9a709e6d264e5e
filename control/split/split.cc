#include "control/split/split.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "control/network_file.h"
#include "control/number_text.h"
#include "control/progress.h"
#include "control/signal_watch.h"
#include "control/split/capture_merge.h"
#include "control/split/distributor.h"
#include "control/split/input_files.h"
#include "control/split/output_place.h"
#include "control/split/overlap.h"
#include "control/split/packet_view.h"

namespace tapstat::control::splitting {

using flowstats::ExitStatus;
using flowstats::Result;
using Clock = std::chrono::steady_clock;

namespace {

constexpr uint64_t kPacketsBetweenLooks = 4096;  // at the clock and for signals
constexpr size_t kOpenFilesMax = 256, kOpenFilesKept = 32;

int status_of(ExitStatus status) {
  switch (status) {
    case ExitStatus::usage: return static_cast<int>(SplitStatus::usage);
    case ExitStatus::input_damaged: return static_cast<int>(SplitStatus::damaged);
    default: return static_cast<int>(SplitStatus::input_output);
  }
}

int refuse(const flowstats::Error& error, Messages& messages) {
  messages.error(error.sentence);
  return status_of(error.status);
}

/// How many pieces may be open: `held` descriptors are taken by captures.
size_t open_files_max(size_t held) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  const size_t taken = kOpenFilesKept + held;
  const size_t left = limit.rlim_cur > taken ? static_cast<size_t>(limit.rlim_cur) - taken : 1;
  return std::min(kOpenFilesMax, left);
}

Result<flowstats::NetworkList> read_networks(const SplitOptions& options, Messages& messages) {
  if (!options.networks) return flowstats::NetworkList();
  NetworkFile file = load_network_file(*options.networks);
  for (const std::string& warning : file.warnings) messages.note(warning);
  if (file.errors.empty()) return std::move(file.networks);
  messages.located_errors(file.errors);
  return flowstats::fail(ExitStatus::usage, "the list of networks cannot be used.");
}

/// A name as it stands in a column of the index: no tab, no line end, no comma.
std::string column_text(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || c == ',' || c == '%')
      text += fmt::format("%{:02X}", byte);
    else
      text += c;
  }
  return text;
}

struct ReadCounts {
  uint64_t packets = 0, bytes = 0, filtered = 0, duplicates = 0;
};

/// The run between opening the captures and the summary.
class Run {
 public:
  Run(const SplitOptions& options, const InputFiles& inputs, flowstats::NetworkList networks,
      std::optional<dataplane::PacketFilter> filter, Messages& messages)
      : options_(options),
        inputs_(inputs),
        filter_(std::move(filter)),
        merge_(inputs, options.memory_bytes / 8),
        overlap_(ranges(inputs), int64_t{options.duplicate_window_us} * 1'000,
                 inputs.compared_bytes),
        distributor_(options, std::move(networks),
                     {options.output, inputs.form,
                      open_files_max(inputs.descriptors_held + inputs.open_peak), 0}),
        messages_(messages) {}

  /// False when a signal ended it.
  [[nodiscard]] Result<bool> distribute(Progress::Form form, const SignalWatch& signals);
  [[nodiscard]] Result<void> finish();

  [[nodiscard]] const ReadCounts& read() const { return read_; }
  [[nodiscard]] PlacedCounts placed() const { return distributor_.counts(); }
  [[nodiscard]] const std::vector<std::string>& faults() const { return merge_.faults(); }

 private:
  static std::vector<TimeRange> ranges(const InputFiles& inputs) {
    std::vector<TimeRange> all;
    for (const InputFile& input : inputs.files) all.push_back(input.range());
    return all;
  }
  void put(const Packet& packet);
  void show(Progress& progress) const;

  const SplitOptions& options_;
  const InputFiles& inputs_;
  std::optional<dataplane::PacketFilter> filter_;
  CaptureMerge merge_;
  OverlapFilter overlap_;
  Distributor distributor_;
  Messages& messages_;
  ReadCounts read_;
};

void Run::put(const Packet& packet) {
  ++read_.packets;
  read_.bytes += packet.captured_length;
  if (filter_ && !filter_->accepts(packet.wire_length, packet.bytes())) {
    ++read_.filtered;
    return;
  }
  const PacketView view = view_packet(inputs_.link_type, packet.bytes());
  if (!options_.keep_duplicates && overlap_.is_duplicate(packet)) {
    ++read_.duplicates;
    return distributor_.note_duplicate(view);
  }
  distributor_.put(packet, view);
}

void Run::show(Progress& progress) const {
  using flowstats::Counter;
  dataplane::PipelineProgress now;
  now.counters.value[static_cast<size_t>(Counter::rx_packets)] = read_.packets;
  now.counters.value[static_cast<size_t>(Counter::rx_bytes)] = read_.bytes;
  now.flows_open = distributor_.connections_open();
  progress.update(now, Clock::now());
}

Result<bool> Run::distribute(Progress::Form form, const SignalWatch& signals) {
  Progress progress(messages_, form, inputs_.packets, Clock::now());
  for (;;) {
    const auto packet = merge_.next();
    if (!packet) return tl::make_unexpected(packet.error());
    if (!*packet) break;
    put(**packet);
    if (!distributor_.error().empty())
      return flowstats::fail(ExitStatus::environment, distributor_.error());
    if (read_.packets % kPacketsBetweenLooks != 0) continue;
    show(progress);
    if (signals.wait(std::chrono::milliseconds{0})) {
      progress.finish();
      return false;
    }
  }
  progress.finish();
  return true;
}

Result<void> Run::finish() {
  std::vector<std::string> names;
  for (const InputFile& input : inputs_.files)
    names.push_back(column_text(input.capture.name.string()));
  return distributor_.finish(names);
}

/// True when every packet that was read is somewhere.
bool report(const SplitOptions& options, const InputFiles& inputs, const Run& run,
            Messages& messages) {
  const ReadCounts& read = run.read();
  const PlacedCounts placed = run.placed();
  const uint64_t filtered = read.filtered + placed.filtered;
  const uint64_t sum = placed.written + read.duplicates + filtered + placed.skipped;
  const bool adds_up = sum == read.packets;
  // In shared pieces that are left out, connections have packets that no row counts.
  const bool index_adds_up = placed.connections_indexed + placed.other == placed.written;
  std::string text;
  const auto line = [&](const char* what, uint64_t count, const std::string& comment) {
    text += fmt::format("{:<13}{:>15}{}\n", what, grouped(count),
                        comment.empty() ? "" : "   " + comment);
  };
  line("read", read.packets,
       inputs.files.size() == 1 ? "from 1 capture"
                                : "from " + grouped(inputs.files.size()) + " captures");
  line("= written", placed.written,
       placed.other == 0 ? "" : grouped(placed.other) + " to other.pcap");
  line("+ duplicates", read.duplicates, "");
  line("+ filtered", filtered, "");
  line(
      "+ skipped", placed.skipped,
      placed.skipped == 0 || options.keep_other ? "" : "of no connection; --keep-other keeps them");
  line("difference", sum > read.packets ? sum - read.packets : read.packets - sum, "");
  text += fmt::format("{}: {} connections in {} files, at most {} open",
                      (options.output / "index.tsv").string(), grouped(placed.connections),
                      grouped(placed.files), grouped(placed.open_peak));
  if (placed.connections_ended_early > 0)
    text += fmt::format(
        "; {} connections ended early for want of --memory: the rest of one is in a piece of its "
        "own",
        grouped(placed.connections_ended_early));
  messages.raw_note(text);
  if (adds_up && index_adds_up) return true;
  messages.error("internal error: the packets of the pieces and the index do not add up.");
  return false;
}

Progress::Form progress_form(const SplitArguments& arguments) {
  if (!arguments.options.progress || arguments.out.quiet) return Progress::Form::off;
  return isatty(STDERR_FILENO) == 1 ? Progress::Form::redrawn : Progress::Form::plain;
}

}  // namespace

int split(const SplitArguments& arguments, Messages& messages) {
  const SplitOptions& options = arguments.options;
  std::optional<ExitOnSignal> early(std::in_place);
  auto networks = read_networks(options, messages);
  if (!networks) return refuse(networks.error(), messages);
  const auto inputs = open_input_files(
      options.files, {options.unpack, [&](const std::string& sentence) { messages.note(sentence); },
                      [&](const std::string& sentence) { messages.error(sentence); }});
  if (!inputs) return refuse(inputs.error(), messages);
  std::optional<dataplane::PacketFilter> filter;
  if (options.filter) {
    auto compiled = dataplane::PacketFilter::compile(*options.filter, inputs->form);
    if (!compiled) return refuse(compiled.error(), messages);
    filter = std::move(*compiled);
  }
  const SignalWatch signals;  // before anything is written
  early.reset();
  if (const auto ready = prepare_output(options.output, options.files, options.force); !ready)
    return refuse(ready.error(), messages);
  Run run(options, *inputs, std::move(*networks), std::move(filter), messages);
  const auto distributed = run.distribute(progress_form(arguments), signals);
  if (!distributed) return refuse(distributed.error(), messages);
  if (!*distributed) {
    messages.error("interrupted: \"" + options.output.string() +
                   "\" has no index and is not complete.");
    return static_cast<int>(SplitStatus::input_output);
  }
  if (const auto finished = run.finish(); !finished) return refuse(finished.error(), messages);
  while (signals.wait(std::chrono::milliseconds{0})) continue;  // too late to stop anything
  for (const std::string& fault : run.faults()) messages.error(fault);
  const bool adds_up = report(options, *inputs, run, messages);
  const bool is_whole = !inputs->is_damaged && run.faults().empty() && adds_up;
  return static_cast<int>(is_whole ? SplitStatus::done : SplitStatus::damaged);
}

}  // namespace tapstat::control::splitting
