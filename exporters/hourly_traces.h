/// Packets in, one trace for each hour out, neighbours with a minute in common.
///
/// A packet goes to every hour whose window it lies in, to one file for each link type. An hour is
/// over when the packet clock has passed the end of its window by a second; what comes for it later
/// goes to the oldest hour that is not over, with its true time.
/// Trace writer's thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/trace_file.h"
#include "exporters/trace_meta.h"
#include "exporters/write_errors.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/result.h"
#include "flowstats/trace_queue.h"
#include "flowstats/trace_windows.h"

namespace tapstat::exporters {

struct TraceDestination {
  std::filesystem::path root;  // made with parents when absent
  std::string node;            // part of the path; empty: no such part
  flowstats::TraceWindows windows;
  TraceFormat format;
  TraceRecipe recipe;
};

class HourlyTraces {
 public:
  /// `counters` gets trace_written and trace_dropped_disk: of each packet once, as its own hour's
  /// file fared. `errors` gets a sentence for each cause.
  HourlyTraces(TraceDestination destination, flowstats::CounterBlock& counters,
               WriteErrors& errors);

  /// Before anything else: takes the directory, and publishes what a killed process left there.
  /// Errors: ExitStatus::environment.
  [[nodiscard]] flowstats::Result<void> open();

  void append(const flowstats::TracedPacket& packet);
  void add(const flowstats::TraceTally& tally);
  /// Nothing older than `clock` is missing: hours that are over are published.
  void advance(flowstats::Timestamp clock);
  /// Everything appended is in the files.
  void flush();
  /// Publishes what is open.
  void finish();

  [[nodiscard]] const std::vector<std::filesystem::path>& published() const { return published_; }

 private:
  /// The files of one hour; tallies belong to the first.
  struct Hour {
    std::vector<std::unique_ptr<TraceFile>> files;  // one for each link type
    uint64_t sampled_out = 0, dropped_ring = 0;
  };
  using Hours = std::map<int64_t, Hour>;

  [[nodiscard]] flowstats::TraceHours open_hours(flowstats::TraceHours wanted) const;
  [[nodiscard]] TraceFile& file_of(int64_t hour, uint16_t link_type);
  void publish(int64_t number, Hour& hour, TraceEnd end);
  void write_meta(const std::filesystem::path& trace, const std::string& text);
  void salvage();
  void note(std::string_view done, const std::filesystem::path& path, int error);

  TraceDestination destination_;
  flowstats::CounterBlock& counters_;
  WriteErrors& errors_;
  Spool spool_;
  Hours hours_;
  int64_t over_ = std::numeric_limits<int64_t>::min();  // hours up to this one are
  std::vector<std::filesystem::path> published_;
};

}  // namespace tapstat::exporters
