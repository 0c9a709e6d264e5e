/// The published configuration: what may change while packets flow, as one immutable value with an
/// epoch.
///
/// Made by control, published through one atomic pointer; workers read it once per burst and stamp
/// the epoch on records, the writer follows the newest epoch (docs/architecture.md).
#pragma once

#include <cstdint>

#include "flowstats/group_mask.h"
#include "flowstats/log_mask.h"

namespace tapstat::flowstats {

enum class Schema : uint8_t {
  mplane,     // the 2014 schema: 42 core columns, 4 layer-7 columns
  tstat_3_3,  // 134 columns
};

struct ActiveConfig {
  uint32_t epoch = 1;  // grows by one with every publication
  GroupMask groups = GroupMask::all();
  LogMask logs = LogMask::usual();
  uint8_t http_privacy = 0;  // httplog_full_url: 0 no paths, 1 paths without query, 2 everything
  uint32_t rotation = 0;     // grows when a new output directory is wanted for the same columns

  /// Rows of both may stand in the same files.
  [[nodiscard]] constexpr bool same_output(const ActiveConfig& other) const {
    return groups == other.groups && logs == other.logs && http_privacy == other.http_privacy &&
           rotation == other.rotation;
  }
};

}  // namespace tapstat::flowstats
