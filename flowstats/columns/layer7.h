/// Columns of the layer-7 group: messages, HTTP, TLS and names. A flow that was not inspected, or
/// that is nothing of the kind, prints what Tstat prints for a flow that it did not recognise.
#pragma once

#include <string_view>

#include "flowstats/columns/column.h"
#include "flowstats/columns/milliseconds.h"
#include "flowstats/layer7/kind.h"

namespace tapstat::flowstats {

[[nodiscard]] inline Value text_or_dash(const TcpRecord& r, TextRef ref) {
  return ref.size == 0 ? Value{Absent{"-"}} : Value{text_of(r, ref)};
}
[[nodiscard]] inline Value status_of(const TcpRecord& r) {
  const layer7::Shared& l = r.layer7;
  if ((l.connection_type & layer7::connection::kHttp) == 0) return Absent{"---"};
  return std::string_view{l.http_status.data(), l.http_status_size};
}
/// Tstat's times of the two directions of a DNS conversation: one that has sent nothing counts as a
/// second before 1970.
[[nodiscard]] inline Value query_time(const Resolution* r) {
  if (r == nullptr || (!r->query_seen && r->answer != kNever)) return Absent{"0.0"};
  return in_milliseconds(r->query);
}
[[nodiscard]] inline Value answer_time(const Resolution* r) {
  if (r == nullptr) return Absent{"0.0"};
  return r->answer == kNever ? -1000.0 : in_milliseconds(r->answer);
}

// Three lines for each column.
// clang-format off
inline constexpr TcpColumnSpec kLayer7Http[] = {
    {"http_req_cnt", "", Unit::messages, {},
     "segments that begin an HTTP request",
     [](const TcpRecord& r, Side) { return integer(r.layer7.http_requests); }},
    {"http_res_cnt", "", Unit::messages, {},
     "segments that begin an HTTP response",
     [](const TcpRecord& r, Side) { return integer(r.layer7.http_responses); }},
    {"http_res", "", Unit::text, {},
     "status of the first HTTP response; --- when not HTTP",
     [](const TcpRecord& r, Side) { return status_of(r); }},
};

inline constexpr TcpColumnSpec kLayer7Messages[] = {
    {"pkts_push", "%.psh_separated", Unit::messages, {},
     "messages that ended with PSH or FIN",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).layer7.pushed_messages); }},
};

inline constexpr TcpColumnSpec kLayer7Names[] = {
    {"c_tls_SNI", "ssl.hello.client", Unit::text, {},
     "server name that the TLS client asked for",
     [](const TcpRecord& r, Side) { return text_or_dash(r, r.layer7.server_name); }},
    {"s_tls_SCN", "ssl.hello.server", Unit::text, {},
     "common name in the certificate of the TLS server",
     [](const TcpRecord& r, Side) { return text_or_dash(r, r.layer7.common_name); }},
};

inline constexpr TcpColumnSpec kLayer7Negotiation[] = {
    {"npnalpn", "", Unit::code, {},
     "protocols named by NPN (1 none, 2 http/, 4 spdy/, 8 h2) and ALPN (16, 32, 64, 128)",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).layer7.protocols); }},
};

inline constexpr TcpColumnSpec kLayer7Session[] = {
    {"tls_session_stat", "", Unit::code, {},
     "TLS: 1 session identifier, 2 client's PSK, 4 early data, 8 server's PSK, 16 hello retry",
     [](const TcpRecord& r, Side) { return integer(r.layer7.tls_session); }},
};

inline constexpr TcpColumnSpec kLayer7Phases[] = {
    {"last_handshakeT", "", Unit::milliseconds, {},
     "from the start of the flow to the last segment before the first TLS application data",
     [](const TcpRecord& r, Side s) {
       return Value{in_milliseconds(r.half(s).layer7.last_handshake)};
     }},
    {"appdataT", "", Unit::milliseconds, {},
     "from the start of the flow to the first TLS application data",
     [](const TcpRecord& r, Side s) {
       return Value{in_milliseconds(r.half(s).layer7.application_data)};
     }},
    {"appdataB", "", Unit::bytes, {},
     "position of the first byte of TLS application data among the payload; the first is 1",
     [](const TcpRecord& r, Side s) { return integer(r.half(s).layer7.application_data_offset); }},
};

inline constexpr TcpColumnSpec kLayer7Resolution[] = {
    {"fqdn", "", Unit::text, {},
     "name by which the client had looked up the server",
     [](const TcpRecord& r, Side) {
       return r.resolution == nullptr ? Value{Absent{"-"}} : Value{r.resolution->name};
     }},
    {"dns_rslv", "", Unit::address, {},
     "DNS server that answered",
     [](const TcpRecord& r, Side) {
       if (r.resolution == nullptr) return Value{Absent{"-"}};
       return Value{Address{r.resolution->resolver, r.resolution->resolver_version}};
     }},
    {"req_tm", "", Unit::epoch_milliseconds, {},
     "time of the DNS request",
     [](const TcpRecord& r, Side) { return query_time(r.resolution); }},
    {"res_tm", "", Unit::epoch_milliseconds, {},
     "time of the DNS response",
     [](const TcpRecord& r, Side) { return answer_time(r.resolution); }},
    {"http_hostname", "", Unit::text, {0, 460, kVariableLength},
     "host that the HTTP client asked for",
     [](const TcpRecord& r, Side) { return text_or_dash(r, r.layer7.http_host); }},
};

inline constexpr TcpColumnSpec kLayer7Versions[] = {
    {"TLSvers", "", Unit::text, {},
     "TLS versions offered or chosen",
     [](const TcpRecord& r, Side s) { return text_or_dash(r, r.half(s).layer7.tls_versions); }},
};

inline constexpr TcpColumnSpec kLayer7DnsChannel[] = {
    {"dns_enc", "", Unit::flag, {},
     "1 when the address of the DNS server was anonymised",
     [](const TcpRecord& r, Side) {
       return integer(r.resolution != nullptr && r.resolution->resolver_encrypted);
     }},
};
// clang-format on

}  // namespace tapstat::flowstats
