/// One output directory while it is open: its configuration, and the log files that are switched
/// on.
///
/// Made by the writer's collecting stage; batches share it, so that rows are formatted for exactly
/// the header above them. The files are used by the ordered stage only.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <optional>

#include "exporters/log_file.h"
#include "exporters/output_room.h"
#include "exporters/tstat_log.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"
#include "flowstats/base/units.h"

namespace tapstat::exporters {

class LogDirectory {
 public:
  /// `path` exists and is empty; `since` is the packet time that named it.
  LogDirectory(std::filesystem::path path, const WriterOptions& options,
               const flowstats::ActiveConfig& config, flowstats::Timestamp since, Place place);

  /// The shape of a log's rows; nullopt when the log is switched off.
  [[nodiscard]] std::optional<LogShape> shape(flowstats::Log log) const;
  /// nullptr when the log is switched off.
  [[nodiscard]] LogFile* file(flowstats::Log log);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const flowstats::ActiveConfig& config() const { return config_; }
  [[nodiscard]] bool gzip() const { return gzip_; }
  [[nodiscard]] flowstats::Timestamp since() const { return since_; }
  [[nodiscard]] Place place() const { return place_; }

  /// Ordered stage: a file finds it no more. The collecting stage asks.
  void note_removal() { was_removed_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool was_removed() const { return was_removed_.load(std::memory_order_relaxed); }

 private:
  std::filesystem::path path_;
  flowstats::Schema schema_;
  flowstats::Mode mode_;
  bool gzip_;
  flowstats::ActiveConfig config_;
  flowstats::Timestamp since_;
  Place place_;
  std::atomic<bool> was_removed_ = false;
  std::array<std::optional<LogFile>, flowstats::kLogCount> files_;
};

}  // namespace tapstat::exporters
