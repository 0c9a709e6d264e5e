/// The two names that a certificate gives its owner (mPlane section 9).
#pragma once

#include <string>

struct x509_st;

namespace tapstat::control::http {

struct CertificateNames {
  std::string common_name;  // the last one of the subject
  /// First attribute of each relative distinguished name, in certificate order, joined with ".".
  std::string identity;
};

/// Names in UTF-8; control characters become '?', since the names end up in logs. A null
/// certificate has none.
[[nodiscard]] CertificateNames names_of(const x509_st* certificate);

}  // namespace tapstat::control::http
