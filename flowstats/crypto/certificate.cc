#include "flowstats/crypto/certificate.h"

#include <memory>
#include <string_view>

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tapstat::flowstats::crypto {

namespace {

struct Free {
  void operator()(X509_NAME* name) const { X509_NAME_free(name); }
  void operator()(X509_EXTENSIONS* list) const {
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
  }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(unsigned char* text) const { OPENSSL_free(text); }
};

/// One DER element inside a certificate, header included.
struct Element {
  const unsigned char* begin = nullptr;
  const unsigned char* content = nullptr;
  const unsigned char* end = nullptr;
  int tag = 0, tag_class = 0;

  [[nodiscard]] bool is(int wanted_class, int wanted_tag) const {
    return tag_class == wanted_class && tag == wanted_tag;
  }
  [[nodiscard]] long size() const { return static_cast<long>(end - begin); }
};

/// The element at `at`, which moves behind it; false when it does not lie before `end` whole.
bool next_element(const unsigned char*& at, const unsigned char* end, Element& element) {
  long length = 0;
  element.begin = element.content = at;
  if (at >= end) return false;
  const int kind = ASN1_get_object(&element.content, &length, &element.tag, &element.tag_class,
                                   static_cast<long>(end - at));
  if ((kind & 0x80) != 0 || (kind & 1) != 0) return false;  // an error, or no definite length
  element.end = element.content + length;
  at = element.end;
  return true;
}

/// What names the owner. The key in between is left alone: OpenSSL would decode it, which takes
/// twenty times as long as the rest.
struct OwnerParts {
  Element subject, extensions;  // the second without bytes when there are none
};

/// TBSCertificate's fields in order (RFC 5280 section 4.1).
bool find_owner(ByteRange der, OwnerParts& parts) {
  const unsigned char* at = der.data();
  Element certificate, body, field;
  if (!next_element(at, der.data() + der.size(), certificate)) return false;
  at = certificate.content;
  if (!next_element(at, certificate.end, body)) return false;
  at = body.content;
  if (!next_element(at, body.end, field)) return false;
  const bool has_version = field.is(V_ASN1_CONTEXT_SPECIFIC, 0);
  // Behind the version: serial number, signature algorithm, issuer, validity, subject, key.
  for (int skipped = has_version ? 0 : 1; skipped < 4; ++skipped)
    if (!next_element(at, body.end, field)) return false;
  if (!next_element(at, body.end, parts.subject)) return false;
  if (!next_element(at, body.end, field)) return true;
  while (next_element(at, body.end, field))
    if (field.is(V_ASN1_CONTEXT_SPECIFIC, 3)) parts.extensions = field;
  return true;
}

std::string_view view(const unsigned char* text, int size) {
  return {reinterpret_cast<const char*>(text), size > 0 ? static_cast<size_t>(size) : 0};
}

void read_common_name(const Element& subject_bytes, Text<kOwnerNameMax>& name) {
  const unsigned char* bytes = subject_bytes.begin;
  const std::unique_ptr<X509_NAME, Free> parsed(
      d2i_X509_NAME(nullptr, &bytes, subject_bytes.size()));
  const X509_NAME* subject = parsed.get();
  if (subject == nullptr) return;
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

void read_alternative_name(const Element& field, Text<kOwnerNameMax>& name) {
  const unsigned char* at = field.content;
  const std::unique_ptr<X509_EXTENSIONS, Free> extensions(
      d2i_X509_EXTENSIONS(nullptr, &at, static_cast<long>(field.end - field.content)));
  if (extensions == nullptr) return;
  const std::unique_ptr<GENERAL_NAMES, Free> names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
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
  if (OwnerParts parts; find_owner(der, parts)) {
    read_common_name(parts.subject, name);
    if (name.empty() && parts.extensions.begin != nullptr)
      read_alternative_name(parts.extensions, name);
  }
  // OpenSSL queues what it dislikes for the thread; nobody here asks for it.
  ERR_clear_error();
  return !name.empty();
}

}  // namespace tapstat::flowstats::crypto
