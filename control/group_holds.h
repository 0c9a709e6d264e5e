/// Holding column groups on: what a running specification asks of the desired state.
///
/// Implemented by Settings (settings.h); tests of mPlane use a fake. Control plane's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "flowstats/base/result.h"
#include "flowstats/group_mask.h"

namespace tapstat::control {

/// Microseconds since 1970-01-01 00:00:00 UTC, of the machine's clock (not of packets).
using UtcMicroseconds = int64_t;

/// Who holds a group on, for people: shown by `tapstat groups` and /api/v1/groups.
struct Holder {
  std::string kind;        // "file", "rest", "specification"
  std::string who;         // name of the file, identity of the client
  std::string token = {};  // of a specification; else empty
  std::optional<UtcMicroseconds> since = {}, until = {};
};

/// The configuration that is in force after a change: every packet that is processed from `at` on
/// belongs to `epoch`.
struct AppliedEpoch {
  uint32_t epoch = 0;
  UtcMicroseconds at = 0;
};

class GroupHolds {
 public:
  virtual ~GroupHolds() = default;

  /// Holds `group` on (and with it log_tcp_complete) until release(id). Each call makes a new
  /// epoch, also when the group was on already. Errors: a reason, for "Cannot change logging:
  /// REASON".
  [[nodiscard]] virtual flowstats::Result<AppliedEpoch> hold(uint64_t id, flowstats::Group group,
                                                             const Holder& holder) = 0;
  virtual AppliedEpoch release(uint64_t id) = 0;

  /// Rows of log_tcp_complete that were written under the epochs from `first` to before `end` (to
  /// now when the writer has not reached `end`); empty when they are no longer known.
  [[nodiscard]] virtual std::optional<uint64_t> rows_between(uint32_t first,
                                                             uint32_t end) const = 0;
};

}  // namespace tapstat::control
