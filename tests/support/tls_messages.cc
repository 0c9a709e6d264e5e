#include "tests/support/tls_messages.h"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tapstat::tests {

namespace {

TlsBytes name_list(const std::vector<std::string>& names) {
  TlsBytes list;
  for (const std::string& name : names) list = join_bytes({list, with_length(1, text_bytes(name))});
  return list;
}

TlsBytes joined(const std::vector<TlsBytes>& parts) {
  TlsBytes all;
  for (const TlsBytes& part : parts) all = join_bytes({all, part});
  return all;
}

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};

void require(bool is_done) {
  if (!is_done) throw std::runtime_error("OpenSSL made no certificate");
}

void add_dns_names(X509& certificate, const std::vector<std::string>& names) {
  std::string value;
  for (const std::string& name : names) value += (value.empty() ? "DNS:" : ",DNS:") + name;
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, value.c_str()));
  require(extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

}  // namespace

TlsBytes join_bytes(std::initializer_list<TlsBytes> parts) {
  TlsBytes all;
  for (const TlsBytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TlsBytes with_length(size_t length_bytes, const TlsBytes& content) {
  TlsBytes all;
  for (size_t i = length_bytes; i-- > 0;) {
    all.push_back(static_cast<uint8_t>(content.size() >> (8 * i)));
  }
  return join_bytes({all, content});
}

TlsBytes text_bytes(std::string_view text) { return {text.begin(), text.end()}; }

TlsBytes numbers_16(const std::vector<uint16_t>& numbers) {
  TlsBytes all;
  for (const uint16_t number : numbers) {
    all.push_back(static_cast<uint8_t>(number >> 8));
    all.push_back(static_cast<uint8_t>(number));
  }
  return all;
}

namespace hello_extension {

TlsBytes any(uint16_t type, const TlsBytes& data) {
  return join_bytes({numbers_16({type}), with_length(2, data)});
}
TlsBytes server_name(std::string_view name) {
  return any(0, with_length(2, join_bytes({TlsBytes{0}, with_length(2, text_bytes(name))})));
}
TlsBytes alpn(const std::vector<std::string>& protocols) {
  return any(16, with_length(2, name_list(protocols)));
}
TlsBytes npn(const std::vector<std::string>& protocols) {
  return any(0x3374, name_list(protocols));
}
TlsBytes versions(const std::vector<uint16_t>& offered) {
  return any(43, with_length(1, numbers_16(offered)));
}
TlsBytes version(uint16_t selected) { return any(43, numbers_16({selected})); }
TlsBytes signature_algorithms(const std::vector<uint16_t>& algorithms) {
  return any(13, with_length(2, numbers_16(algorithms)));
}
TlsBytes padding(size_t size) { return any(21, TlsBytes(size, 0)); }
TlsBytes ech(uint8_t config, size_t payload_size) {
  const TlsBytes start = {0, 0, 1, 0, 1, config};
  return any(0xfe0d, join_bytes({start, with_length(2, TlsBytes(32, 0xee)),
                                 with_length(2, TlsBytes(payload_size, 0xdd))}));
}

}  // namespace hello_extension

TlsBytes client_hello_body(const ClientHelloFields& fields) {
  const TlsBytes start = join_bytes(
      {numbers_16({fields.legacy_version}), TlsBytes(32, 0x52), with_length(1, fields.session_id),
       with_length(2, numbers_16(fields.cipher_suites)), with_length(1, TlsBytes{0})});
  return fields.extensions.empty() ? start
                                   : join_bytes({start, with_length(2, joined(fields.extensions))});
}

TlsBytes server_hello_body(const ServerHelloFields& fields) {
  static const TlsBytes kRetryRandom = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
                                        0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
                                        0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
                                        0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
  const TlsBytes start = join_bytes(
      {numbers_16({fields.legacy_version}), fields.is_retry ? kRetryRandom : TlsBytes(32, 0x53),
       with_length(1, fields.session_id), numbers_16({0x1301}), TlsBytes{0}});
  return fields.extensions.empty() ? start
                                   : join_bytes({start, with_length(2, joined(fields.extensions))});
}

TlsBytes certificate_body(const std::vector<TlsBytes>& chain) {
  TlsBytes list;
  for (const TlsBytes& der : chain) list = join_bytes({list, with_length(3, der)});
  return with_length(3, list);
}

TlsBytes handshake_message(uint8_t type, const TlsBytes& body) {
  return join_bytes({TlsBytes{type}, with_length(3, body)});
}

TlsBytes tls_record(uint8_t type, const TlsBytes& content, uint16_t version) {
  return join_bytes({TlsBytes{type}, numbers_16({version}), with_length(2, content)});
}

TlsBytes client_hello_record(const ClientHelloFields& fields) {
  return tls_record(22, handshake_message(1, client_hello_body(fields)), 0x0301);
}

TlsBytes server_hello_record(const ServerHelloFields& fields) {
  return tls_record(22, handshake_message(2, server_hello_body(fields)));
}

TlsBytes application_record(size_t size) { return tls_record(23, TlsBytes(size, 0x65)); }

TlsBytes certificate_der(const CertificateFields& fields) {
  const std::unique_ptr<EVP_PKEY, Free> key(EVP_EC_gen("P-256"));
  const std::unique_ptr<X509, Free> certificate(X509_new());
  require(key != nullptr && certificate != nullptr);
  require(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  require(ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1) == 1);
  require(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0) != nullptr);
  require(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400) != nullptr);
  require(X509_set_pubkey(certificate.get(), key.get()) == 1);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  for (const std::string& name : fields.common_names) {
    require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(name.data()),
                                       static_cast<int>(name.size()), -1, 0) == 1);
  }
  if (!fields.dns_names.empty()) add_dns_names(*certificate, fields.dns_names);
  require(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  require(size > 0);
  const TlsBytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

}  // namespace tapstat::tests
