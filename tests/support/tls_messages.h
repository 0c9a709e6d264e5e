/// Builds TLS handshakes piece by piece: extensions, hellos, certificates, handshake messages,
/// records. Correct by default; any field can be given another value.
///
/// Certificates are made and signed by OpenSSL, with a new key each time; a failure throws. Any
/// thread; no shared state.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tapstat::tests {

using TlsBytes = std::vector<uint8_t>;

[[nodiscard]] TlsBytes join_bytes(std::initializer_list<TlsBytes> parts);
/// `content` behind its length in `length_bytes` bytes.
[[nodiscard]] TlsBytes with_length(size_t length_bytes, const TlsBytes& content);
[[nodiscard]] TlsBytes text_bytes(std::string_view text);
[[nodiscard]] TlsBytes numbers_16(const std::vector<uint16_t>& numbers);

/// Whole extensions: type, length, data.
namespace hello_extension {
[[nodiscard]] TlsBytes any(uint16_t type, const TlsBytes& data = {});
[[nodiscard]] TlsBytes server_name(std::string_view name);
[[nodiscard]] TlsBytes alpn(const std::vector<std::string>& protocols);
/// Next protocol negotiation, as a server answers it.
[[nodiscard]] TlsBytes npn(const std::vector<std::string>& protocols);
/// Of a client.
[[nodiscard]] TlsBytes versions(const std::vector<uint16_t>& offered);
/// Of a server.
[[nodiscard]] TlsBytes version(uint16_t selected);
[[nodiscard]] TlsBytes signature_algorithms(const std::vector<uint16_t>& algorithms);
[[nodiscard]] TlsBytes padding(size_t size);
/// The outer form of encrypted_client_hello.
[[nodiscard]] TlsBytes ech(uint8_t config, size_t payload_size);
}  // namespace hello_extension

struct ClientHelloFields {
  uint16_t legacy_version = 0x0303;
  TlsBytes session_id{};
  std::vector<uint16_t> cipher_suites = {0x1301, 0x1302, 0xc02f};
  std::vector<TlsBytes> extensions{};
};

struct ServerHelloFields {
  uint16_t legacy_version = 0x0303;
  TlsBytes session_id{};
  bool is_retry = false;  // HelloRetryRequest
  std::vector<TlsBytes> extensions{};
};

/// Bodies of handshake messages.
[[nodiscard]] TlsBytes client_hello_body(const ClientHelloFields& fields);
[[nodiscard]] TlsBytes server_hello_body(const ServerHelloFields& fields);
/// Certificate of TLS 1.2; the server's own comes first.
[[nodiscard]] TlsBytes certificate_body(const std::vector<TlsBytes>& chain);

[[nodiscard]] TlsBytes handshake_message(uint8_t type, const TlsBytes& body);
[[nodiscard]] TlsBytes tls_record(uint8_t type, const TlsBytes& content, uint16_t version = 0x0303);
/// One record with one message.
[[nodiscard]] TlsBytes client_hello_record(const ClientHelloFields& fields);
[[nodiscard]] TlsBytes server_hello_record(const ServerHelloFields& fields);
/// Application data of `size` bytes.
[[nodiscard]] TlsBytes application_record(size_t size);

struct CertificateFields {
  std::vector<std::string> common_names{};  // of the subject
  std::vector<std::string> dns_names{};     // subjectAltName
};
/// Self-signed, DER.
[[nodiscard]] TlsBytes certificate_der(const CertificateFields& fields);

}  // namespace tapstat::tests
