/// Columns of log_dns_complete: one row for each question of a query, for each answer of a
/// response, and for each response that failed.
///
/// The names of the columns are Tstat's. Rows are views that are made while a message is printed
/// (exporters/dns_rows.h) and live as long as that.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "flowstats/base/units.h"
#include "flowstats/columns/column.h"
#include "flowstats/columns/milliseconds.h"
#include "flowstats/event_records.h"

namespace tapstat::flowstats {

struct DnsRow {
  const DnsRecord* record = nullptr;
  bool is_query = true;         // its sender is the client, else its receiver
  std::string_view entry;       // REQ, RESP, RESP_ERR
  std::string_view query;       // empty: none, or in tstat mode the root
  std::optional<uint32_t> ttl;  // seconds
  std::string_view dns_class, type;
  std::string_view answer = "-";  // printed as it stands: response code, or RDATA with tabs
  uint16_t id = 0;
  uint16_t flags = 0;  // CD, AD, RA, RD, TC and AA, from bit 0 up
  uint16_t questions = 0, answers = 0, authorities = 0, additionals = 0;
  uint32_t message_bytes = 0;

  /// Where the client or the server stands in the record's ends.
  [[nodiscard]] size_t end_of(Side side) const {
    return (side == Side::client) == is_query ? 0 : 1;
  }
};

using DnsColumnSpec = ColumnSpec<DnsRow>;
using DnsColumn = Column<DnsRow>;

// Three lines for each column.
// clang-format off

/// Columns 1 to 4 for the client, 5 to 8 for the server.
inline constexpr DnsColumnSpec kDnsEnds[] = {
    {"ip", "", Unit::address, {0, 8, 4, 12},
     "IPv4 or IPv6 address; the client asks",
     [](const DnsRow& r, Side s) {
       return Value{Address{r.record->ends.address[r.end_of(s)], r.record->ends.ip_version}};
     }},
    {"port", "", Unit::port, {0, 7, 2, 11},
     "port",
     [](const DnsRow& r, Side s) { return integer(r.record->ends.port[r.end_of(s)]); }},
    {"isint", "", Unit::flag, {},
     "1 for an address in the internal networks",
     [](const DnsRow& r, Side s) {
       return integer(uint8_t{r.record->ends.internal[r.end_of(s)]});
     }},
    {"iscrypto", "", Unit::flag, {},
     "1 for an anonymised address",
     [](const DnsRow& r, Side s) {
       return integer(uint8_t{r.record->ends.encrypted[r.end_of(s)]});
     }},
};

inline constexpr DnsColumnSpec kDnsMessage[] = {
    {"time", "", Unit::epoch_milliseconds, {},
     "time of the packet",
     [](const DnsRow& r, Side) { return Value{in_milliseconds(r.record->time)}; }},
    {"entry", "", Unit::code, {},
     "REQ: a question; RESP: a record of an answer; RESP_ERR: a response that failed",
     [](const DnsRow& r, Side) { return Value{r.entry}; }},
    {"trans_id", "", Unit::code, {},
     "identification of the exchange",
     [](const DnsRow& r, Side) { return Value{Hex{r.id, 4}}; }},
    {"query", "", Unit::text, {},
     "name that is asked for, or owner of the record",
     [](const DnsRow& r, Side) { return Value{r.query}; }},
    {"ttl", "", Unit::count, {},
     "time to live of the record in seconds",
     [](const DnsRow& r, Side) { return r.ttl ? integer(*r.ttl) : Value{Absent{"-"}}; }},
    {"class", "", Unit::code, {},
     "class: IN, CH, HS, NONE, ANY; OTHER in a question, CLASS and its number in a record",
     [](const DnsRow& r, Side) { return Value{r.dns_class}; }},
    {"type", "", Unit::code, {},
     "type; OTHER in a question, TYPE and its number in a record, when it has no name",
     [](const DnsRow& r, Side) { return Value{r.type}; }},
    {"answer", "", Unit::text, {},
     "RDATA in the form of zone files with tabs for blanks, or the response code that failed",
     [](const DnsRow& r, Side) { return Value{Absent{r.answer}}; }},
    {"flags", "", Unit::code, {},
     "CD 1, AD 2, RA 4, RD 8, TC 16, AA 32",
     [](const DnsRow& r, Side) { return Value{Hex{r.flags, 2}}; }},
    {"qdcount", "", Unit::count, {},
     "questions of the message",
     [](const DnsRow& r, Side) { return integer(r.questions); }},
    {"ancount", "", Unit::count, {},
     "answers",
     [](const DnsRow& r, Side) { return integer(r.answers); }},
    {"nscount", "", Unit::count, {},
     "records about authority",
     [](const DnsRow& r, Side) { return integer(r.authorities); }},
    {"arcount", "", Unit::count, {},
     "additional records but OPT",
     [](const DnsRow& r, Side) { return integer(r.additionals); }},
    {"pkt_size", "", Unit::bytes, {},
     "bytes of the message",
     [](const DnsRow& r, Side) { return integer(r.message_bytes); }},
};
// clang-format on

inline constexpr Block<DnsRow> kDnsBlocks[] = {
    {Group::core, Sides::client, kDnsEnds},
    {Group::core, Sides::server, kDnsEnds},
    {Group::core, Sides::flow, kDnsMessage},
};

inline constexpr auto kDnsColumns = expand<DnsRow, kDnsBlocks>();
static_assert(names_are_unique_per_group(kDnsColumns));
static_assert(kDnsColumns.size() == 22);

}  // namespace tapstat::flowstats
