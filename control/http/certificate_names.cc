#include "control/http/certificate_names.h"

#include <openssl/x509.h>

namespace tapstat::control::http {
namespace {

std::string value_of(const X509_NAME_ENTRY* entry) {
  unsigned char* utf8 = nullptr;
  const int bytes = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
  if (bytes < 0) return "?";
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<size_t>(bytes));
  OPENSSL_free(utf8);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

}  // namespace

CertificateNames names_of(const x509_st* certificate) {
  CertificateNames names;
  if (certificate == nullptr) return names;
  const X509_NAME* subject = X509_get_subject_name(certificate);
  int last_set = -1;
  for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
    const std::string value = value_of(entry);
    if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName) names.common_name = value;
    if (X509_NAME_ENTRY_set(entry) == last_set) continue;
    last_set = X509_NAME_ENTRY_set(entry);
    names.identity += (names.identity.empty() ? "" : ".") + value;
  }
  return names;
}

}  // namespace tapstat::control::http
