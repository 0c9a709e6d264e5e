/// The mirror: a runtime.conf that shows which groups are on, for tools that watch Tstat's file.
///
/// Replaces the values of log_tcp_complete, tcplog_end_to_end, tcplog_options, tcplog_p2p and
/// tcplog_layer7 and keeps every other byte; written to a temporary file in the same directory,
/// synced and renamed. An edit by somebody else is noticed and merged as the new base. Control
/// plane's thread.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "control/runtime_conf.h"
#include "flowstats/base/result.h"

namespace tapstat::control::mplane {

/// `text` with the five values set to those of `state`; keys that are missing are added to their
/// section, sections that are missing at the end.
[[nodiscard]] std::string mirrored(std::string_view text, const RuntimeState& state);

class MirrorFile {
 public:
  /// Makes the file when it does not exist. Errors: ExitStatus::environment.
  [[nodiscard]] static flowstats::Result<MirrorFile> open(std::filesystem::path path);

  /// Writes when it differs. An edit of somebody else that changed_by_others() has not told yet is
  /// left alone. Errors: ExitStatus::environment, nothing was changed.
  [[nodiscard]] flowstats::Result<void> write(const RuntimeState& state);

  /// True once for each change that was not ours.
  [[nodiscard]] bool changed_by_others();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit MirrorFile(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
  std::string known_;  // what it held when we last wrote it or told of a change
};

}  // namespace tapstat::control::mplane
