/// Bytes of RDATA as text: strings, hexadecimal, base 64, addresses, and the values of service
/// bindings (RFC 9460), the one field of RDATA with a grammar of its own.
///
/// None of them writes a line end or a blank: inside strings a blank becomes a tab, as Tstat prints
/// RDATA, and other bytes outside of printable ASCII become \DDD. Any thread.
#pragma once

#include <cstdint>

#include "exporters/row_buffer.h"
#include "flowstats/base/byte_range.h"

namespace tapstat::exporters {

/// "\DDD", four characters; the space for them is there.
[[nodiscard]] char* write_decimal_escape(char* out, uint8_t byte);

void append_unsigned(RowBuffer& out, uint64_t value);

/// In double quotes; quotes and backslashes get a backslash.
void append_quoted(RowBuffer& out, flowstats::ByteRange text);

/// The same without the quotes around.
void append_word(RowBuffer& out, flowstats::ByteRange text);

void append_hexadecimal(RowBuffer& out, flowstats::ByteRange bytes);
void append_base64(RowBuffer& out, flowstats::ByteRange bytes);

/// Four or sixteen bytes in network order; nothing for another size.
void append_wire_address(RowBuffer& out, flowstats::ByteRange bytes);

/// `key=value`, separated by tabs. False when a value is cut or does not keep to its form; what was
/// appended by then is of no use.
[[nodiscard]] bool append_service_values(RowBuffer& out, flowstats::ByteRange values);

}  // namespace tapstat::exporters
