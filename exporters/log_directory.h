/// One output directory while it is open: its configuration, and the log files that are switched
/// on.
///
/// Made by the writer's collecting stage; batches share it, so that rows are formatted for exactly
/// the header above them. The files are used by the ordered stage only.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>

#include "exporters/log_file.h"
#include "exporters/tstat_log.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"
#include "flowstats/base/units.h"

namespace tapstat::exporters {

class LogDirectory {
 public:
  /// `path` exists and is empty; `since` is the packet time that named it.
  LogDirectory(std::filesystem::path path, const WriterOptions& options,
               const flowstats::ActiveConfig& config, flowstats::Timestamp since);

  /// The shape of a log's rows; nullopt when the log is switched off.
  [[nodiscard]] std::optional<LogShape> shape(flowstats::Log log) const;
  /// nullptr when the log is switched off.
  [[nodiscard]] LogFile* file(flowstats::Log log);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const flowstats::ActiveConfig& config() const { return config_; }
  [[nodiscard]] bool gzip() const { return gzip_; }
  [[nodiscard]] flowstats::Timestamp since() const { return since_; }

 private:
  std::filesystem::path path_;
  flowstats::Schema schema_;
  flowstats::Mode mode_;
  bool gzip_;
  flowstats::ActiveConfig config_;
  flowstats::Timestamp since_;
  std::array<std::optional<LogFile>, flowstats::kLogCount> files_;
};

}  // namespace tapstat::exporters
