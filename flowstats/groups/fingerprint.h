/// Fingerprint group: what the client's TLS or QUIC handshake offered. Off by default; beyond what
/// Tstat knows.
///
/// Filled by the inspectors when a flow closes. Texts lie behind the record.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/text.h"

namespace tapstat::flowstats::fingerprint {

inline constexpr uint32_t kHttp2ClearText = 1;  // bits of extended_type

struct Shared {
  TextRef ja4;                // "t13d1516h2_8daaf6152771_e5627efa2ab1"
  TextRef alpn;               // offered protocols, comma separated, cut to 64 bytes
  TextRef server_name;        // SNI without Tstat's syntax test
  uint16_t tls_version = 0;   // highest that was offered without GREASE; 0: no ClientHello
  uint32_t quic_version = 0;  // of the client's first Initial that could be decrypted
  bool ech = false;           // extension encrypted_client_hello is there (also as GREASE)
  uint8_t ech_config = 0;
  uint16_t ech_payload = 0;  // bytes
  bool hello_seen = false;
  uint32_t extended_type = 0;
};

}  // namespace tapstat::flowstats::fingerprint
