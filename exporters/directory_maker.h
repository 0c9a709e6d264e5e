/// Makes the directories of logs, below the base or in the spool, and remembers them.
///
/// The collecting stage makes one when configuration, time or room asks for it, the ordered stage
/// one in the spool when the base suddenly takes no more; both may call at once.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "exporters/log_directory.h"
#include "exporters/output_room.h"
#include "exporters/writer.h"
#include "flowstats/active_config.h"
#include "flowstats/base/counters.h"
#include "flowstats/base/result.h"

namespace tapstat::exporters {

class DirectoryMaker {
 public:
  /// `options` and `counters` outlive it.
  DirectoryMaker(const WriterOptions& options, flowstats::CounterBlock& counters,
                 Writer::Announce announce);

  /// Control thread, before the writer starts: the spool is there, if there is to be one. Errors:
  /// ExitStatus::environment.
  [[nodiscard]] flowstats::Result<void> prepare() const;

  /// Files come with their first write. Errors: ExitStatus::environment.
  [[nodiscard]] flowstats::Result<std::shared_ptr<LogDirectory>> make(
      Place place, const flowstats::ActiveConfig& config, flowstats::Timestamp since);

  /// Tstat's line about a directory that is in use now.
  void announce(const LogDirectory& directory);

  /// In the order of making; after the stages have ended.
  [[nodiscard]] const std::vector<std::filesystem::path>& made() const { return made_; }
  /// Of these, those in the spool.
  [[nodiscard]] const std::vector<std::filesystem::path>& spooled() const { return spooled_; }

 private:
  const WriterOptions& options_;
  flowstats::CounterBlock& counters_;
  Writer::Announce announce_;

  std::mutex mutex_;  // one call at a time, also while a directory is made
  std::vector<std::filesystem::path> made_, spooled_;
};

}  // namespace tapstat::exporters
