/// Columns of the layer-7 group: messages, HTTP, TLS and names.
///
/// Messages are measured. The others print what Tstat prints for a flow that it did not recognise,
/// because classification does not fill the record yet.
#pragma once

#include "flowstats/columns/column.h"

namespace tapstat::flowstats {

// Three lines for each column.
// clang-format off
inline constexpr TcpColumnSpec kLayer7Http[] = {
    {"http_req_cnt", "", Unit::messages, {},
     "HTTP requests",
     [](const TcpRecord&, Side) { return integer(0U); }},
    {"http_res_cnt", "", Unit::messages, {},
     "HTTP responses",
     [](const TcpRecord&, Side) { return integer(0U); }},
    {"http_res", "", Unit::text, {},
     "status of the first HTTP response; --- when not HTTP",
     [](const TcpRecord&, Side) { return Value{Absent{"---"}}; }},
};

inline constexpr TcpColumnSpec kLayer7Messages[] = {
    {"pkts_push", "%.psh_separated", Unit::messages, {},
     "messages that ended with PSH or FIN",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).layer7.pushed_messages); }},
};

inline constexpr TcpColumnSpec kLayer7Names[] = {
    {"c_tls_SNI", "ssl.hello.client", Unit::text, {},
     "server name that the TLS client asked for",
     [](const TcpRecord&, Side) { return Value{Absent{"-"}}; }},
    {"s_tls_SCN", "ssl.hello.server", Unit::text, {},
     "common name in the certificate of the TLS server",
     [](const TcpRecord&, Side) { return Value{Absent{"-"}}; }},
};

inline constexpr TcpColumnSpec kLayer7Negotiation[] = {
    {"npnalpn", "", Unit::code, {},
     "application protocol offered or chosen by NPN or ALPN",
     [](const TcpRecord&, Side) { return integer(0U); }},
};

inline constexpr TcpColumnSpec kLayer7Session[] = {
    {"tls_session_stat", "", Unit::code, {},
     "resumption of the TLS session",
     [](const TcpRecord&, Side) { return integer(0U); }},
};

inline constexpr TcpColumnSpec kLayer7Phases[] = {
    {"last_handshakeT", "", Unit::milliseconds, {},
     "from the start of the flow to the last TLS handshake message",
     [](const TcpRecord&, Side) { return Value{0.0}; }},
    {"appdataT", "", Unit::milliseconds, {},
     "from the start of the flow to the first TLS application data",
     [](const TcpRecord&, Side) { return Value{0.0}; }},
    {"appdataB", "", Unit::bytes, {},
     "bytes of TLS application data",
     [](const TcpRecord&, Side) { return integer(0U); }},
};

inline constexpr TcpColumnSpec kLayer7Resolution[] = {
    {"fqdn", "", Unit::text, {},
     "name by which the client had looked up the server",
     [](const TcpRecord&, Side) { return Value{Absent{"-"}}; }},
    {"dns_rslv", "", Unit::address, {},
     "DNS server that answered",
     [](const TcpRecord&, Side) { return Value{Absent{"-"}}; }},
    {"req_tm", "", Unit::epoch_milliseconds, {},
     "time of the DNS request",
     [](const TcpRecord&, Side) { return Value{Absent{"0.0"}}; }},
    {"res_tm", "", Unit::epoch_milliseconds, {},
     "time of the DNS response",
     [](const TcpRecord&, Side) { return Value{Absent{"0.0"}}; }},
    {"http_hostname", "", Unit::text, {0, 460, kVariableLength},
     "host that the HTTP client asked for",
     [](const TcpRecord&, Side) { return Value{Absent{"-"}}; }},
};

inline constexpr TcpColumnSpec kLayer7Versions[] = {
    {"TLSvers", "", Unit::text, {},
     "TLS version offered or chosen",
     [](const TcpRecord&, Side) { return Value{Absent{"-"}}; }},
};

inline constexpr TcpColumnSpec kLayer7DnsChannel[] = {
    {"dns_enc", "", Unit::flag, {},
     "1 when the DNS answer came over an encrypted channel",
     [](const TcpRecord&, Side) { return integer(0U); }},
};
// clang-format on

}  // namespace tapstat::flowstats
