/// Columns for the two ends of a conversation, shared by the records that keep them as `ends`.
#pragma once

#include "flowstats/columns/column.h"

namespace tapstat::flowstats {

// Three lines for each column.
// clang-format off
template <class Record>
inline constexpr ColumnSpec<Record> kEndsAddress[] = {
    {"ip", "", Unit::address, {0, 8, 4, 12},
     "IPv4 or IPv6 address; over IPv6 the IPFIX elements are 27 and 28",
     [](const Record& r, Side s) {
       return Value{Address{r.ends.address[static_cast<size_t>(s)], r.ends.ip_version}};
     }},
    {"port", "", Unit::port, {0, 7, 2, 11},
     "TCP or UDP port",
     [](const Record& r, Side s) { return integer(r.ends.port[static_cast<size_t>(s)]); }},
};

template <class Record>
inline constexpr ColumnSpec<Record> kEndsInternal[] = {
    {"isint", "", Unit::flag, {},
     "1 when the address is in the internal networks",
     [](const Record& r, Side s) { return integer(r.ends.internal[static_cast<size_t>(s)]); }},
};

template <class Record>
inline constexpr ColumnSpec<Record> kEndsEncrypted[] = {
    {"iscrypto", "", Unit::flag, {},
     "1 when the address was anonymised",
     [](const Record& r, Side s) { return integer(r.ends.encrypted[static_cast<size_t>(s)]); }},
};
// clang-format on

}  // namespace tapstat::flowstats
