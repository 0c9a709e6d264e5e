/// Tstat's text logs as views of the column registry: the header line and the rows of
/// log_tcp_complete and log_tcp_nocomplete.
///
/// One header line, then one line for each flow: values separated by one blank, no blank at the
/// ends. Pure functions; any thread.
#pragma once

#include <string>

#include "exporters/row_buffer.h"
#include "flowstats/active_config.h"
#include "flowstats/columns/layouts.h"
#include "flowstats/flow_record.h"
#include "flowstats/group_mask.h"
#include "flowstats/log_mask.h"
#include "flowstats/measurement.h"

namespace tapstat::exporters {

/// What decides the shape of a log file.
struct LogShape {
  flowstats::Schema schema = flowstats::Schema::mplane;
  flowstats::Log log = flowstats::Log::tcp_complete;
  flowstats::GroupMask groups;
  flowstats::Mode mode = flowstats::Mode::tstat;
  uint8_t http_privacy = 0;  // httplog_full_url
};

/// `#NN#name:1 name:2 ...` with the line end. NN is the sum of all groups that are on, in decimal
/// and with at least two digits; `advanced` counts in it and has no columns; log_tcp_nocomplete
/// shows the same NN as its sister.
[[nodiscard]] std::string header_line(const LogShape& shape);

/// Appends one flow's row with its line end.
void append_row(RowBuffer& out, const LogShape& shape, const flowstats::TcpRecord& record);

}  // namespace tapstat::exporters
