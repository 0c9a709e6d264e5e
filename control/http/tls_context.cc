#include "control/http/tls_context.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

namespace tapstat::control::http {
namespace {

namespace fs = std::filesystem;
using flowstats::fail;
using Result = flowstats::Result<void>;

/// An error of OpenSSL, or the system's reason when it hides behind it; clears the queue.
std::string library_reason() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (code == 0) return "not a PEM file of the right kind";
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
    return "not a PEM file of the right kind";
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "error " + std::to_string(code) : reason;
}

auto wrong_file(const char* what, const fs::path& file, const std::string& reason) {
  return fail(flowstats::ExitStatus::usage,
              std::string("cannot use ") + what + " \"" + file.string() + "\": " + reason + ".");
}

/// OpenSSL tells missing files badly: they are opened once before it sees them.
Result check_readable(const char* what, const fs::path& file) {
  const dataplane::FileDescriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.is_open()) return wrong_file(what, file, std::strerror(errno));
  char first = 0;
  const ssize_t got = ::read(opened.get(), &first, 1);
  if (got < 0) return wrong_file(what, file, std::strerror(errno));
  if (got == 0) return wrong_file(what, file, "the file is empty");
  return {};
}

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509_CRL* list) const { X509_CRL_free(list); }
};

std::string time_text(const ASN1_TIME* time) {
  const std::unique_ptr<BIO, Free> out(BIO_new(BIO_s_mem()));
  ASN1_TIME_print(out.get(), time);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

Result use_identity(SSL_CTX* context, const fs::path& certificate, const fs::path& key) {
  if (auto readable = check_readable("certificate", certificate); !readable) return readable;
  if (auto readable = check_readable("key", key); !readable) return readable;
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    return wrong_file("certificate", certificate, library_reason());
  const X509* own = SSL_CTX_get0_certificate(context);
  if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0)
    return wrong_file("certificate", certificate,
                      "it expired on " + time_text(X509_get0_notAfter(own)));
  if (X509_cmp_current_time(X509_get0_notBefore(own)) > 0)
    return wrong_file("certificate", certificate,
                      "it is valid only from " + time_text(X509_get0_notBefore(own)));
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
                          ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;
    const std::string reason = library_reason();
    return wrong_file(
        "key", key,
        mismatch ? "it does not belong to certificate \"" + certificate.string() + "\"" : reason);
  }
  if (SSL_CTX_check_private_key(context) != 1)
    return wrong_file("key", key,
                      "it does not belong to certificate \"" + certificate.string() + "\"");
  return {};
}

Result use_authority(SSL_CTX* context, const char* what, const fs::path& file) {
  if (auto readable = check_readable(what, file); !readable) return readable;
  if (SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1)
    return wrong_file(what, file, library_reason());
  return {};
}

/// Reads every list of the file; a client whose authority gave none of them is refused.
Result use_revocations(SSL_CTX* context, const fs::path& file) {
  constexpr const char* kWhat = "revocation list";
  if (auto readable = check_readable(kWhat, file); !readable) return readable;
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  const std::unique_ptr<BIO, Free> in(BIO_new_file(file.c_str(), "r"));
  unsigned lists = 0;
  while (in) {
    const std::unique_ptr<X509_CRL, Free> list(
        PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr));
    if (!list) break;
    const ASN1_TIME* until = X509_CRL_get0_nextUpdate(list.get());
    if (until != nullptr && X509_cmp_current_time(until) < 0)
      return wrong_file(kWhat, file, "it expired on " + time_text(until));
    if (X509_STORE_add_crl(store, list.get()) != 1)
      return wrong_file(kWhat, file, library_reason());
    ++lists;
  }
  if (lists == 0) return wrong_file(kWhat, file, library_reason());
  ERR_clear_error();
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
  return {};
}

/// A daemon has nobody to ask for the password of a key.
int no_password(char*, int, int, void*) { return -1; }

TlsContext new_context(const SSL_METHOD* method) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                         SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_default_passwd_cb(context.get(), no_password);
  return context;
}

}  // namespace

flowstats::Result<TlsContext> make_server_context(const TlsFiles& files) {
  TlsContext context = new_context(TLS_server_method());
  Result good = use_identity(context.get(), files.certificate, files.key);
  if (good) good = use_authority(context.get(), "client_ca", files.client_ca);
  if (good && files.revoked) good = use_revocations(context.get(), *files.revoked);
  if (!good) return tl::make_unexpected(good.error());
  SSL_CTX_set_client_CA_list(context.get(), SSL_load_client_CA_file(files.client_ca.c_str()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

flowstats::Result<TlsContext> make_client_context(const ClientTls& files) {
  TlsContext context = new_context(TLS_client_method());
  Result good;
  if (files.certificate && files.key)
    good = use_identity(context.get(), *files.certificate, *files.key);
  if (good && files.ca.empty()) SSL_CTX_set_default_verify_paths(context.get());
  if (good && !files.ca.empty()) good = use_authority(context.get(), "ca", files.ca);
  if (!good) return tl::make_unexpected(good.error());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

}  // namespace tapstat::control::http
