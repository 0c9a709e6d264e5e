/// The body of a TLS ServerHello (RFC 8446 section 4.1.3) as views into the bytes that carry it.
///
/// A hello that is cut is read as far as it goes. Nothing is copied; the views die with the bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "flowstats/layer7/client_hello.h"

namespace tapstat::flowstats::layer7 {

struct ServerHello {
  std::optional<uint16_t> legacy_version;
  ByteRange extensions;
  bool is_retry = false;     // HelloRetryRequest: a ServerHello with a random that says so
  bool is_complete = false;  // all lengths lie inside the bytes
};

/// `body` begins behind the handshake header (type, 24-bit length).
[[nodiscard]] inline ServerHello read_server_hello(ByteRange body) {
  // SHA-256 of "HelloRetryRequest".
  static constexpr std::array<uint8_t, 32> kRetryRandom = {
      0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
      0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
      0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
  ServerHello hello;
  if (body.has(0, 2)) hello.legacy_version = body.u16(0);
  if (!body.has(0, 34)) return hello;
  hello.is_retry = std::equal(kRetryRandom.begin(), kRetryRandom.end(), body.data() + 2);
  size_t offset = 34;  // version, random
  ByteRange session_id;
  if (!read_vector(body, 1, offset, session_id) || !body.has(offset, 3)) return hello;
  offset += 3;  // cipher suite, compression
  hello.is_complete = offset == body.size() || read_vector(body, 2, offset, hello.extensions);
  return hello;
}

}  // namespace tapstat::flowstats::layer7
