/// Names and RDATA of DNS messages as text, in the form of zone files (RFC 1035 section 5.1, and
/// what each type's RFC adds) as log_dns_complete has it.
///
/// In names '.', ';', '(', ')' and '\' get a backslash, and bytes up to 32 and from 127 on become
/// \DDD. Fields of RDATA are separated by tabs, and what would be a blank inside a string is a tab,
/// too, so that RDATA stays one word of its row. Nothing here writes a line end or a blank. Any
/// thread; the buffer is the caller's.
#pragma once

#include <string_view>

#include "exporters/row_buffer.h"
#include "flowstats/layer7/dns_message.h"

namespace tapstat::exporters {

/// Labels with dots between and at the end; the root is a dot. At most 1016 characters.
void append_dns_name(RowBuffer& out, const flowstats::layer7::DnsName& name);

/// The same without any escape, as Tstat prints questions, the root as nothing.
void append_raw_dns_name(RowBuffer& out, const flowstats::layer7::DnsName& name);

/// TYPE and a number for a type that has no name; the same for classes.
void append_dns_type(RowBuffer& out, uint16_t type);
void append_dns_class(RowBuffer& out, uint16_t dns_class);

/// The generic form of RFC 3597 when the type is unknown, has no form here, or does not keep to it.
void append_rdata(RowBuffer& out, const flowstats::layer7::DnsResource& record);

}  // namespace tapstat::exporters
