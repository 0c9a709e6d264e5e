#include "flowstats/layer7/tls_findings.h"

#include <algorithm>

#include "flowstats/groups/layer7.h"
#include "flowstats/layer7/inspection.h"

namespace tapstat::flowstats::layer7 {

namespace {

std::string_view text_of(ByteRange bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The bits of NPN are those of ALPN, four places lower.
static_assert(negotiated::kAlpnEmpty == negotiated::kNpnEmpty << 4 &&
              negotiated::kAlpnHttp == negotiated::kNpnHttp << 4 &&
              negotiated::kAlpnSpdy == negotiated::kNpnSpdy << 4 &&
              negotiated::kAlpnH2 == negotiated::kNpnH2 << 4);

uint8_t npn_bit(std::string_view name) {
  if (name.starts_with("http/")) return negotiated::kNpnHttp;
  if (name.starts_with("spdy/")) return negotiated::kNpnSpdy;
  if (name == "h2" || name.starts_with("h2-")) return negotiated::kNpnH2;
  return 0;
}

/// `list` is a sequence of names with a length byte each.
uint8_t npn_bits(ByteRange list) {
  if (list.empty()) return negotiated::kNpnEmpty;
  uint8_t bits = 0;
  ByteRange name;
  for (size_t offset = 0; read_vector(list, 1, offset, name);) {
    bits = static_cast<uint8_t>(bits | npn_bit(text_of(name)));
  }
  return bits;
}

/// The list of an ALPN extension (RFC 7301 section 3.1).
ByteRange alpn_list(ByteRange data) {
  size_t offset = 0;
  ByteRange list;
  static_cast<void>(read_vector(data, 2, offset, list));
  return list;
}

uint8_t alpn_bits(ByteRange data) {
  if (data.empty()) return negotiated::kAlpnEmpty;
  const ByteRange list = alpn_list(data);
  uint8_t bits = 0;
  ByteRange name;
  for (size_t offset = 0; read_vector(list, 1, offset, name);) {
    bits = static_cast<uint8_t>(
        bits | (name.empty() ? negotiated::kAlpnEmpty : npn_bit(text_of(name)) << 4));
  }
  return bits;
}

/// The first name of a server_name extension (RFC 6066 section 3).
void read_server_name(ByteRange data, Text<kServerNameMax>& server_name) {
  size_t offset = 3;  // length of the list, type of the name
  ByteRange name;
  if (data.has(0, offset) && data.u8(2) == 0 && read_vector(data, 2, offset, name)) {
    server_name.assign(text_of(name));
  }
}

void read_versions(ByteRange data, TlsVersions& versions) {
  size_t offset = 0;
  ByteRange list;
  static_cast<void>(read_vector(data, 1, offset, list));
  if (list.size() < 2) return;
  versions.count = 0;
  for (offset = 0; list.has(offset, 2); offset += 2) versions.add(list.u16(offset));
}

void read_alpn_text(ByteRange data, Text<kAlpnTextMax>& text) {
  std::array<char, kAlpnTextMax> joined;
  size_t size = 0;
  const ByteRange list = alpn_list(data);
  ByteRange name;
  for (size_t offset = 0; read_vector(list, 1, offset, name);) {
    if (size > 0 && size < joined.size()) joined[size++] = ',';
    const std::string_view fits = text_of(name.first(joined.size() - size));
    std::copy(fits.begin(), fits.end(), joined.begin() + size);
    size += fits.size();
  }
  text.assign({joined.data(), size});
}

void read_ech(ByteRange data, TlsFingerprint& fingerprint) {
  constexpr size_t kConfigOffset = 5;  // type, KDF, AEAD
  fingerprint.has_ech = true;
  if (!data.has(0, kConfigOffset + 1) || data.u8(0) != 0) return;  // not the outer form
  fingerprint.ech_config = data.u8(kConfigOffset);
  size_t offset = kConfigOffset + 1;
  ByteRange encapsulated_key;
  if (read_vector(data, 2, offset, encapsulated_key) && data.has(offset, 2)) {
    fingerprint.ech_payload = data.u16(offset);
  }
}

void read_fingerprint(const ClientHello& hello, bool is_whole, TlsFingerprint& fingerprint) {
  fingerprint.hello_seen = true;
  HelloExtension extension;
  for (size_t offset = 0; next_extension(hello.extensions, offset, extension);) {
    if (!extension.is_whole) break;
    if (extension.type == tls_extension::kAlpn) read_alpn_text(extension.data, fingerprint.alpn);
    if (extension.type == tls_extension::kEncryptedClientHello) {
      read_ech(extension.data, fingerprint);
    }
  }
  fingerprint.highest_version = highest_version(hello);
  if (is_whole && hello.is_complete) {
    fingerprint.ja4 = ja4('t', hello);
    fingerprint.has_ja4 = true;
  }
}

}  // namespace

std::string_view TlsVersions::text(std::span<char, kTlsVersionTextMax> buffer) const {
  static constexpr std::string_view kHexDigits = "0123456789abcdef";
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) {
    if (size > 0) buffer[size++] = ',';
    for (int shift = 12; shift >= 0; shift -= 4) {
      buffer[size++] = kHexDigits[versions[i] >> shift & 0xf];
    }
  }
  return {buffer.data(), size};
}

void read_client_hello_into(TlsFindings& findings, ByteRange body, ClientHelloReading reading) {
  if (!body.has(0, 2)) return;
  const ClientHello hello = read_client_hello(body);
  uint8_t& protocols = findings.protocols[kClient];
  findings.client_versions.set(hello.legacy_version);
  if (reading.mode == Mode::corrected && !hello.session_id.empty()) {
    findings.session |= tls_session::kSessionId;
  }
  HelloExtension extension;
  for (size_t offset = 0; next_extension(hello.extensions, offset, extension);) {
    if (!extension.is_whole) break;
    switch (extension.type) {
      case tls_extension::kServerName:
        read_server_name(extension.data, findings.server_name);
        break;
      case tls_extension::kAlpn:
        protocols = static_cast<uint8_t>(protocols | alpn_bits(extension.data));
        break;
      case tls_extension::kNextProtocolNegotiation:
        protocols = static_cast<uint8_t>(protocols | npn_bits(extension.data));
        break;
      case tls_extension::kPreSharedKey: findings.session |= tls_session::kClientPsk; break;
      case tls_extension::kEarlyData: findings.session |= tls_session::kEarlyData; break;
      case tls_extension::kSupportedVersions:
        if (reading.mode == Mode::tstat && offset >= hello.extensions.size()) break;
        read_versions(extension.data, findings.client_versions);
        break;
      default: break;
    }
  }
  if (reading.fingerprints) read_fingerprint(hello, reading.is_whole, findings.fingerprint);
}

void read_server_hello_into(TlsFindings& findings, const ServerHello& hello) {
  uint8_t& protocols = findings.protocols[kServer];
  if (hello.legacy_version) findings.server_version = hello.legacy_version;
  if (hello.is_retry) findings.session |= tls_session::kHelloRetry;
  HelloExtension extension;
  for (size_t offset = 0; next_extension(hello.extensions, offset, extension);) {
    if (!extension.is_whole) break;
    if (extension.type == tls_extension::kAlpn) {
      protocols = static_cast<uint8_t>(protocols | alpn_bits(extension.data));
    } else if (extension.type == tls_extension::kNextProtocolNegotiation) {
      protocols = static_cast<uint8_t>(protocols | npn_bits(extension.data));
    } else if (extension.type == tls_extension::kPreSharedKey) {
      findings.session |= tls_session::kServerPsk;
    } else if (extension.type == tls_extension::kSupportedVersions && extension.data.has(0, 2)) {
      findings.server_version = extension.data.u16(0);
    }
  }
}

}  // namespace tapstat::flowstats::layer7
