/// The body of a TLS ClientHello (RFC 8446 section 4.1.2) as views into the bytes that carry it;
/// TLS, DTLS and QUIC share it.
///
/// A hello that is cut is read as far as it goes: what was not reached stays empty. Nothing is
/// copied; the views die with the bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::layer7 {

namespace tls_extension {
inline constexpr uint16_t kServerName = 0, kSupportedGroups = 10, kSignatureAlgorithms = 13,
                          kAlpn = 16, kPreSharedKey = 41, kEarlyData = 42, kSupportedVersions = 43,
                          kQuicTransportParameters = 0x39, kNextProtocolNegotiation = 0x3374,
                          kEncryptedClientHello = 0xfe0d, kQuicTransportParametersDraft = 0xffa5;
}

struct ClientHello {
  uint16_t legacy_version = 0;
  ByteRange session_id, cipher_suites, extensions;
  bool is_complete = false;  // all lengths lie inside the bytes
};

/// A length-prefixed vector at `offset`; advances `offset` behind it. False when it is cut;
/// `vector` is then what is there.
[[nodiscard]] inline bool read_vector(ByteRange bytes, size_t length_bytes, size_t& offset,
                                      ByteRange& vector) {
  vector = {};
  if (!bytes.has(offset, length_bytes)) {
    offset = bytes.size();
    return false;
  }
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) length = length << 8 | bytes.u8(offset + i);
  offset += length_bytes;
  vector = bytes.from(offset).first(length);
  offset += vector.size();
  return vector.size() == length;
}

/// `body` begins behind the handshake header (type, 24-bit length).
[[nodiscard]] inline ClientHello read_client_hello(ByteRange body) {
  ClientHello hello;
  if (body.has(0, 2)) hello.legacy_version = body.u16(0);
  if (!body.has(0, 34)) return hello;
  size_t offset = 34;  // version, random
  ByteRange compression;
  if (!read_vector(body, 1, offset, hello.session_id)) return hello;
  if (!read_vector(body, 2, offset, hello.cipher_suites)) return hello;
  if (!read_vector(body, 1, offset, compression)) return hello;
  // No extensions at all is a complete hello, too (RFC 5246 section 7.4.1.2).
  hello.is_complete = offset == body.size() || read_vector(body, 2, offset, hello.extensions);
  return hello;
}

struct HelloExtension {
  uint16_t type = 0;
  ByteRange data;
  bool is_whole = false;  // not cut
};

/// The extension at `offset`, which moves behind it. False at the end.
[[nodiscard]] inline bool next_extension(ByteRange extensions, size_t& offset,
                                         HelloExtension& extension) {
  if (!extensions.has(offset, 4)) return false;
  extension.type = extensions.u16(offset);
  offset += 2;
  extension.is_whole = read_vector(extensions, 2, offset, extension.data);
  return true;
}

/// Calls visit(type, data, is_last) for each extension, the last one perhaps cut.
template <class Visit>
void for_each_extension(ByteRange extensions, Visit visit) {
  HelloExtension extension;
  for (size_t offset = 0; next_extension(extensions, offset, extension);) {
    visit(extension.type, extension.data, offset >= extensions.size());
  }
}

/// Values that clients offer only to see that they are ignored (RFC 8701), wherever a hello lists
/// 16-bit numbers.
[[nodiscard]] constexpr bool is_grease(uint16_t value) {
  return (value & 0x0f0fU) == 0x0a0aU && value >> 8 == (value & 0xffU);
}

}  // namespace tapstat::flowstats::layer7
