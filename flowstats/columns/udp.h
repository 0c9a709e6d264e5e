/// Columns of log_udp_complete: ends, datagrams, bytes, times and class of each direction of a UDP
/// flow, its name, and what QUIC showed.
///
/// Each column is declared here and nowhere else; layouts.h puts the tables in file order: client,
/// server, flow.
#pragma once

#include "flowstats/columns/column.h"
#include "flowstats/columns/milliseconds.h"
#include "flowstats/udp_record.h"

namespace tapstat::flowstats {

using UdpColumnSpec = ColumnSpec<UdpRecord>;

[[nodiscard]] constexpr const UdpRecord::Half& half_of(const UdpRecord& record, Side side) {
  return record.halves[static_cast<size_t>(side)];
}

[[nodiscard]] constexpr Value quic_version_of(const UdpRecord& record, Side side) {
  const uint32_t version = half_of(record, side).quic_version;
  return version == 0 ? Value{Absent{"-"}} : Value{Hex{version, 8}};
}

// Three lines for each column.
// clang-format off

/// Columns 1 to 9 for the client, 10 to 18 for the server.
inline constexpr UdpColumnSpec kUdpDirectional[] = {
    {"ip", "%.ip4", Unit::address, {0, 8, 4, 12},
     "IPv4 or IPv6 address; over IPv6 the IPFIX elements are 27 and 28",
     [](const UdpRecord& r, Side s) {
       return Value{Address{r.ends.address[static_cast<size_t>(s)], r.ends.ip_version}};
     }},
    {"port", "%.port", Unit::port, {0, 7, 2, 11},
     "UDP port",
     [](const UdpRecord& r, Side s) { return integer(r.ends.port[static_cast<size_t>(s)]); }},
    {"first_abs", "", Unit::epoch_milliseconds, {0, 152, 8},
     "time of the first datagram of the direction; 0 when there was none",
     [](const UdpRecord& r, Side s) {
       const Timestamp first = half_of(r, s).first;
       return Value{first == kNever ? 0.0 : in_milliseconds(first)};
     }},
    {"durat", "", Unit::seconds, {},
     "from the first to the last datagram of the direction",
     [](const UdpRecord& r, Side s) {
       const Duration length = elapsed(half_of(r, s).first, half_of(r, s).last);
       return Value{static_cast<double>(length.us) / 1e6};
     }},
    {"bytes_all", "bytes.@", Unit::bytes, {0, 231, 8, 232},
     "payload bytes, as the UDP headers state them",
     [](const UdpRecord& r, Side s) { return integer(half_of(r, s).bytes); }},
    {"pkts_all", "packets.@", Unit::packets, {0, 86, 8},
     "datagrams",
     [](const UdpRecord& r, Side s) { return integer(half_of(r, s).packets); }},
    {"isint", "%.ip4.isinternal", Unit::flag, {},
     "1 when the address is in the internal networks",
     [](const UdpRecord& r, Side s) { return integer(r.ends.internal[static_cast<size_t>(s)]); }},
    {"iscrypto", "", Unit::flag, {},
     "1 when the address was anonymised",
     [](const UdpRecord& r, Side s) { return integer(r.ends.encrypted[static_cast<size_t>(s)]); }},
    {"type", "", Unit::code, {},
     "application class of the direction; 0 = unclassified",
     [](const UdpRecord& r, Side s) { return integer(static_cast<uint32_t>(half_of(r, s).type)); }},
};

inline constexpr UdpColumnSpec kUdpFlow[] = {
    {"fqdn", "", Unit::text, {},
     "name by which the client had looked up the server",
     [](const UdpRecord& r, Side) {
       return Value{r.resolution == nullptr ? std::string_view{} : r.resolution->name};
     }},
    {"quic_SNI", "", Unit::text, {},
     "server name in the QUIC client's hello, percent-encoded",
     [](const UdpRecord& r, Side) { return Value{text_of(r, r.quic_server_name)}; }},
    {"quic_UA", "", Unit::text, {},
     "user agent in the QUIC client's transport parameters, percent-encoded, + for a blank",
     [](const UdpRecord& r, Side) { return Value{text_of(r, r.quic_user_agent)}; }},
    {"quic_c_vers", "", Unit::code, {},
     "QUIC version of the client; - unless the flow is known as QUIC",
     [](const UdpRecord& r, Side) { return quic_version_of(r, Side::client); }},
    {"quic_s_vers", "", Unit::code, {},
     "QUIC version of the server; - unless the flow is known as QUIC",
     [](const UdpRecord& r, Side) { return quic_version_of(r, Side::server); }},
    {"quic_zero_rtt", "", Unit::packets, {},
     "0-RTT packets",
     [](const UdpRecord& r, Side) { return integer(r.quic_zero_rtt); }},
    {"quic_ech", "", Unit::bytes, {},
     "length of the extension encrypted_client_hello, modulo 256; 0 when there was none",
     [](const UdpRecord& r, Side) { return integer(static_cast<uint32_t>(r.quic_ech_length)); }},
};
// clang-format on

}  // namespace tapstat::flowstats
