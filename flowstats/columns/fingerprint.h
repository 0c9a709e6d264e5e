/// Columns of the fingerprint group: what the client's TLS or QUIC hello offered, and the Community
/// ID. Off by default; beyond what Tstat knows.
///
/// One table for records of TCP and of UDP flows. Each column is declared here and nowhere else.
#pragma once

#include "flowstats/columns/column.h"
#include "flowstats/columns/udp.h"

namespace tapstat::flowstats {

[[nodiscard]] constexpr FiveTuple tuple_of(const TcpRecord& r) {
  return make_tuple({r.address[0], r.port[0]}, {r.address[1], r.port[1]}, kProtocolTcp,
                    r.ip_version)
      .tuple;
}
[[nodiscard]] constexpr FiveTuple tuple_of(const UdpRecord& r) {
  return make_tuple({r.ends.address[0], r.ends.port[0]}, {r.ends.address[1], r.ends.port[1]},
                    kProtocolUdp, r.ends.ip_version)
      .tuple;
}

// Three lines for each column.
// clang-format off
template <class Record>
inline constexpr ColumnSpec<Record> kFingerprintFlow[] = {
    {"community_id", "", Unit::text, {},
     "Community ID version 1 of the addresses and ports in this row",
     [](const Record& r, Side) { return Value{community_id(tuple_of(r))}; }},
    {"ja4", "", Unit::text, {},
     "JA4 of the client's hello; - without a complete one",
     [](const Record& r, Side) { return Value{text_of(r, r.fingerprint.ja4)}; }},
    {"alpn", "", Unit::text, {},
     "application protocols that the client offered, comma separated; the first 64 bytes",
     [](const Record& r, Side) { return Value{text_of(r, r.fingerprint.alpn)}; }},
    {"sni", "", Unit::text, {},
     "server name that the client asked for, of any syntax; with ECH the outer one",
     [](const Record& r, Side) { return Value{text_of(r, r.fingerprint.server_name)}; }},
    {"tls_version", "", Unit::code, {},
     "highest TLS version that the client offered; - without a hello",
     [](const Record& r, Side) {
       const uint16_t version = r.fingerprint.tls_version;
       return version == 0 ? Value{Absent{"-"}} : Value{Hex{version, 4}};
     }},
    {"ech", "", Unit::flag, {},
     "1 when the hello had the extension encrypted_client_hello, be it real or GREASE",
     [](const Record& r, Side) { return integer(r.fingerprint.ech); }},
    {"ech_config", "", Unit::code, {},
     "identifier of the ECH configuration",
     [](const Record& r, Side) { return integer(r.fingerprint.ech_config); }},
    {"ech_payload", "", Unit::bytes, {},
     "length of the encrypted hello",
     [](const Record& r, Side) { return integer(r.fingerprint.ech_payload); }},
};

/// In the logs of TCP flows only.
inline constexpr TcpColumnSpec kFingerprintTcp[] = {
    {"class_ext", "", Unit::code, {},
     "classes beyond con_t, a bit mask: 1 = HTTP/2 in clear text",
     [](const TcpRecord& r, Side) { return integer(r.fingerprint.extended_type); }},
};

/// In the logs of UDP flows only.
inline constexpr UdpColumnSpec kFingerprintUdp[] = {
    {"quic_version", "", Unit::code, {},
     "QUIC version of the Initial whose hello was read; - without one",
     [](const UdpRecord& r, Side) {
       const uint32_t version = r.fingerprint.quic_version;
       return version == 0 ? Value{Absent{"-"}} : Value{Hex{version, 8}};
     }},
};
// clang-format on

}  // namespace tapstat::flowstats
