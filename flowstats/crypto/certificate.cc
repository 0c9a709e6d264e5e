#include "flowstats/crypto/certificate.h"

#include <memory>
#include <string_view>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tapstat::flowstats::crypto {

namespace {

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(unsigned char* text) const { OPENSSL_free(text); }
};

std::string_view view(const unsigned char* text, int size) {
  return {reinterpret_cast<const char*>(text), size > 0 ? static_cast<size_t>(size) : 0};
}

void read_common_name(const X509& certificate, Text<kOwnerNameMax>& name) {
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  int last = -1;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) last = at;
  if (last < 0) return;
  const ASN1_STRING* value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last));
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, value);
  if (size < 0) return;  // bytes that its string type does not allow
  const std::unique_ptr<unsigned char, Free> owner(text);
  name.assign(view(text, size));
}

void read_alternative_name(const X509& certificate, Text<kOwnerNameMax>& name) {
  const std::unique_ptr<GENERAL_NAMES, Free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && name.empty(); ++i) {
    const GENERAL_NAME* entry = sk_GENERAL_NAME_value(names.get(), i);
    if (entry->type != GEN_DNS) continue;
    name.assign(
        view(ASN1_STRING_get0_data(entry->d.dNSName), ASN1_STRING_length(entry->d.dNSName)));
  }
}

}  // namespace

bool read_owner_name(ByteRange der, Text<kOwnerNameMax>& name) {
  name.clear();
  if (der.empty() || der.size() > kCertificateMax) return false;
  const unsigned char* at = der.data();
  const std::unique_ptr<X509, Free> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (certificate != nullptr) {
    read_common_name(*certificate, name);
    if (name.empty()) read_alternative_name(*certificate, name);
  }
  // OpenSSL queues what it dislikes for the thread; nobody here asks for it.
  ERR_clear_error();
  return !name.empty();
}

}  // namespace tapstat::flowstats::crypto
