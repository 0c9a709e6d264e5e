/// What a ClientHello inside QUIC says, kept until its flow ends.
///
/// Texts are bytes as they came, cut at their capacity. Trivially copyable.
#pragma once

#include <array>
#include <cstdint>

#include "flowstats/base/byte_range.h"
#include "flowstats/base/text.h"

namespace tapstat::flowstats::layer7 {

struct QuicHello {
  Text<255> server_name;  // any syntax
  Text<80> user_agent;    // Google's transport parameter 0x3129
  Text<64> alpn;          // offered protocols, comma separated
  std::array<char, 36> ja4{};
  bool has_ja4 = false;
  bool has_ech = false;
  uint8_t ech_config = 0;
  uint16_t ech_payload = 0;  // bytes of the encrypted inner hello
  uint16_t ech_bytes = 0;    // of the whole extension
  uint16_t tls_version = 0;  // highest offered; 0: the hello never became complete
};

/// Reads the handshake message at the start of a CRYPTO stream as far as it goes; values that it
/// does not reach stay as they are. True when the message is complete. `fingerprint`: JA4 and the
/// version of a complete hello, too.
bool read_quic_hello(ByteRange stream, bool fingerprint, QuicHello& hello);

}  // namespace tapstat::flowstats::layer7
