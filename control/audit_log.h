/// One line for each change that somebody made: time, peer, identity, verb, object, from, to,
/// result.
///
/// JSON lines, to the file of [control] audit_log when there is one, and always to standard error
/// with -v. Control plane's thread; a write that fails is counted and said once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "control/messages.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

struct AuditEntry {
  std::string who;          // identity or name of the file
  std::string way;          // "mplane", "rest", "local", "file", "signal"
  std::string verb;         // "specification", "interrupt", "groups", "reload", "rotate", "stop"
  std::string object = {};  // token and group, or groups
  std::string from = {}, to = {};
  std::string result = "ok";
};

class AuditLog {
 public:
  /// Errors: ExitStatus::environment, the file cannot be opened for appending.
  [[nodiscard]] static flowstats::Result<std::unique_ptr<AuditLog>> open(
      const std::optional<std::filesystem::path>& path, Messages& messages);
  ~AuditLog();

  void write(const AuditEntry& entry);
  /// After the file was moved away (SIGHUP).
  void reopen();
  [[nodiscard]] uint64_t failures() const;

 private:
  explicit AuditLog(Messages& messages) : messages_(messages) {}
  Messages& messages_;
  std::optional<std::filesystem::path> path_;
  int descriptor_ = -1;
  uint64_t failures_ = 0;
};

}  // namespace tapstat::control
