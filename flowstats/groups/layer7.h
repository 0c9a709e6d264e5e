/// Layer-7 group of a TCP flow: PSH-separated messages, HTTP, TLS and the texts that name its ends.
///
/// Filled by the inspector (layer7/tcp_inspector.h) when the flow closes; a flow that was never
/// inspected keeps the defaults, which print as absent. Texts lie behind the record.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/text.h"
#include "flowstats/base/units.h"

namespace tapstat::flowstats::layer7 {

/// Protocols that NPN or ALPN named; bits of c_npnalpn and s_npnalpn.
namespace negotiated {
inline constexpr uint8_t kNpnEmpty = 1, kNpnHttp = 2, kNpnSpdy = 4, kNpnH2 = 8, kAlpnEmpty = 16,
                         kAlpnHttp = 32, kAlpnSpdy = 64, kAlpnH2 = 128;
}
/// Bits of tls_session_stat.
namespace tls_session {
inline constexpr uint8_t kSessionId = 1, kClientPsk = 2, kEarlyData = 4, kServerPsk = 8,
                         kHelloRetry = 16;
}

struct Half {
  uint32_t pushed_messages = 0;  // messages ended by PSH or FIN; retransmitted segments end none
  uint32_t application_data_offset = 0;  // of its first byte, first payload byte = 1; 0: none
  Duration last_handshake;               // since the flow's start; 0: none
  Duration application_data;             // the same, of the first application data record; 0: none
  uint8_t protocols = 0;                 // negotiated bits
  TextRef tls_versions;                  // "0304,0303"
};

struct Shared {
  uint32_t connection_type = 0;  // connection bits; con_t
  uint32_t http_type = 0;        // http_t
  uint32_t http_requests = 0, http_responses = 0;
  std::array<char, 3> http_status{};  // of the first response
  uint8_t http_status_size = 0;       // digits; 0: not HTTP
  uint8_t tls_session = 0;            // tls_session bits
  TextRef server_name;                // c_tls_SNI
  TextRef common_name;                // s_tls_SCN
  TextRef http_host;
};

}  // namespace tapstat::flowstats::layer7
