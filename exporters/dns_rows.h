/// A DNS message as the rows of log_dns_complete.
///
/// In tstat mode names of questions are printed as they came, but that a row stays one line of
/// words (append_escaped); in corrected mode all names have the escapes of zone files. Any thread;
/// the buffer is the caller's.
#pragma once

#include <cstdint>

#include "exporters/anonymiser.h"
#include "exporters/row_buffer.h"
#include "flowstats/event_records.h"
#include "flowstats/measurement.h"

namespace tapstat::exporters {

/// Appends the rows of a message and gives their number: one for each question of a query, for each
/// answer of a response, one for a response that failed. None when the message cannot be read to
/// its end, or in corrected mode when it is nothing that DNS sends.
[[nodiscard]] uint32_t append_dns_rows(RowBuffer& out, const flowstats::DnsRecord& record,
                                       flowstats::Mode mode,
                                       const Anonymiser* anonymiser = nullptr);

}  // namespace tapstat::exporters
