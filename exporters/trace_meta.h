/// The text beside each trace, NAME.tra.meta: what the trace was asked to hold and what it lacks.
///
/// One `key value` a line, LF, values to the end of the line (docs/traces.md lists the keys). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "exporters/trace_file.h"
#include "flowstats/base/units.h"

namespace tapstat::exporters {

/// Why nothing follows in a trace.
enum class TraceEnd : uint8_t {
  hour,    // its time is over
  size,    // it reached its largest size
  stop,    // the probe was stopped
  killed,  // the probe ended without a word; the next one found the file
};

/// What all traces of a run have in common.
struct TraceRecipe {
  std::string filter;
  uint32_t snap_length = 128;
  uint32_t sample = 1;
  uint32_t flow_limit = 0;
};

struct TraceAccount {
  flowstats::Timestamp hour{};
  uint32_t link_type = 1;
  TraceFigures figures;
  uint64_t sampled_out = 0, dropped_ring = 0;
  TraceEnd end = TraceEnd::hour;
  int error = 0;  // errno of the last failed write
};

/// `recipe` is absent for a trace that another run has made.
[[nodiscard]] std::string trace_meta(const std::optional<TraceRecipe>& recipe,
                                     const TraceAccount& account);

}  // namespace tapstat::exporters
