#include "flowstats/layer7/quic_hello.h"

#include <algorithm>
#include <string_view>

#include "flowstats/layer7/client_hello.h"
#include "flowstats/layer7/ja4.h"
#include "flowstats/layer7/quic_header.h"

namespace tapstat::flowstats::layer7 {
namespace {

std::string_view as_text(ByteRange bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The first entry of the list (RFC 6066 section 3), if all of it is there.
void read_server_name(ByteRange data, QuicHello& hello) {
  constexpr uint8_t kHostName = 0;
  size_t offset = 3;
  ByteRange name;
  if (data.has(0, 3) && data.u8(2) == kHostName && read_vector(data, 2, offset, name) &&
      !name.empty())
    hello.server_name.assign(as_text(name));
}

/// Protocol names (RFC 7301 section 3.1), separated by commas.
void read_alpn(ByteRange data, QuicHello& hello) {
  std::array<char, decltype(hello.alpn)::kBytesMax> text;
  size_t used = 0;
  const auto append = [&](std::string_view part) {
    part = part.substr(0, text.size() - used);
    std::copy(part.begin(), part.end(), text.begin() + used);
    used += part.size();
  };
  ByteRange name;
  for (size_t offset = 2; read_vector(data, 1, offset, name);) {
    if (used != 0) append(",");
    append(as_text(name));
  }
  hello.alpn.assign({text.data(), used});
}

/// RFC 9000 section 18.
void read_transport_parameters(ByteRange data, QuicHello& hello) {
  constexpr uint64_t kUserAgent = 0x3129;
  for (size_t offset = 0; offset < data.size();) {
    const auto id = read_quic_integer(data, offset);
    const auto size = id ? read_quic_integer(data, offset) : id;
    if (!size || *size > data.size() - offset) return;
    const ByteRange value = data.from(offset).first(static_cast<size_t>(*size));
    if (*id == kUserAgent && !value.empty()) hello.user_agent.assign(as_text(value));
    offset += value.size();
  }
}

/// The outer form: KDF, AEAD, configuration, encapsulated key, payload.
void read_encrypted_client_hello(ByteRange data, QuicHello& hello) {
  constexpr uint8_t kOuter = 0;
  hello.has_ech = true;
  hello.ech_bytes = static_cast<uint16_t>(data.size());
  if (!data.has(0, 8) || data.u8(0) != kOuter) return;
  hello.ech_config = data.u8(5);
  size_t offset = 6;
  ByteRange key, payload;
  if (read_vector(data, 2, offset, key) && read_vector(data, 2, offset, payload))
    hello.ech_payload = static_cast<uint16_t>(payload.size());
}

}  // namespace

bool read_quic_hello(ByteRange stream, bool fingerprint, QuicHello& hello) {
  constexpr uint8_t kClientHello = 1;
  constexpr size_t kHeaderBytes = 4;
  if (!stream.has(0, kHeaderBytes) || stream.u8(0) != kClientHello) return false;
  const size_t body_bytes = stream.u32(0) & 0xffffffU;
  const ByteRange body = stream.from(kHeaderBytes).first(body_bytes);
  const ClientHello parts = read_client_hello(body);
  for_each_extension(parts.extensions, [&hello](uint16_t type, ByteRange data, bool) {
    switch (type) {
      case tls_extension::kServerName: read_server_name(data, hello); break;
      case tls_extension::kAlpn: read_alpn(data, hello); break;
      case tls_extension::kQuicTransportParameters:
      case tls_extension::kQuicTransportParametersDraft:
        read_transport_parameters(data, hello);
        break;
      case tls_extension::kEncryptedClientHello: read_encrypted_client_hello(data, hello); break;
      default: break;
    }
  });
  if (!parts.is_complete || body.size() != body_bytes) return false;
  if (fingerprint) {
    hello.ja4 = ja4('q', parts);
    hello.has_ja4 = true;
    hello.tls_version = highest_version(parts);
  }
  return true;
}

}  // namespace tapstat::flowstats::layer7
