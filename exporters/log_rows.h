/// Which log a record belongs to, and its rows in it: what the writer's formatting stage knows of
/// the kinds of records.
///
/// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "exporters/anonymiser.h"
#include "exporters/row_buffer.h"
#include "exporters/tstat_log.h"
#include "flowstats/log_mask.h"
#include "flowstats/record.h"

namespace tapstat::exporters {

[[nodiscard]] std::optional<flowstats::Log> log_of(const flowstats::RecordHead& record);

/// What the file begins with, line ends included.
[[nodiscard]] std::string log_header(const LogShape& shape);

/// Appends the rows of a record of shape.log; returns how many. `anonymiser`: nullptr for none.
[[nodiscard]] uint64_t append_rows(RowBuffer& out, const LogShape& shape,
                                   const flowstats::RecordHead& record,
                                   const Anonymiser* anonymiser);

/// Rows that a record is counted as when its log is switched off: messages that only names are
/// learnt from are none.
[[nodiscard]] uint64_t rows_when_off(const flowstats::RecordHead& record);

}  // namespace tapstat::exporters
