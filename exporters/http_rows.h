/// Rows of log_http_complete: one line, or none, for each segment that begins or continues an HTTP
/// message.
///
/// Values are separated by tabs and may hold blanks; control characters are escaped. Tstat's rules
/// for which fields are printed at which level of privacy are kept in both modes. Pure functions;
/// any thread.
#pragma once

#include <cstdint>
#include <string>

#include "exporters/anonymiser.h"
#include "exporters/row_buffer.h"
#include "flowstats/event_records.h"
#include "flowstats/measurement.h"

namespace tapstat::exporters {

/// `httplog_full_url`.
enum class HttpDetail : uint8_t {
  hosts,    // 0: no path, no cookies; of referer and location no more than the host
  paths,    // 1: path, referer and location up to their queries; no cookies
  complete  // 2
};

struct HttpLogShape {
  flowstats::Mode mode = flowstats::Mode::tstat;
  HttpDetail detail = HttpDetail::hosts;
  const Anonymiser* anonymiser = nullptr;  // what treats names in the segment; none: as they are
};

/// `#C#c_ip:1 ...` for rows of requests and `#S#c_ip:1 ...` for rows of responses, with line ends.
[[nodiscard]] std::string http_header_lines();

/// Appends the segment's row with its line end; false when no field was found that this level of
/// detail looks for, and then there is no row.
bool append_http_row(RowBuffer& out, const flowstats::HttpRecord& record,
                     const HttpLogShape& shape);

}  // namespace tapstat::exporters
