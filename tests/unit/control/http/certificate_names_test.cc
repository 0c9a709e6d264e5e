#include "control/http/certificate_names.h"

#include <fstream>
#include <memory>

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/control/http/test_certificates.h"

namespace tapstat::tests {
namespace {

using control::http::CertificateNames;
using control::http::names_of;

/// Names of a certificate that openssl made for `subject`.
CertificateNames names_for(const std::string& subject) {
  const TempDir directory;
  const std::string file = (directory / "c.pem").string();
  EXPECT_EQ(
      run_quietly("openssl req -x509 -utf8 -config /dev/null -newkey ec -pkeyopt "
                  "ec_paramgen_curve:prime256v1 -nodes -keyout " +
                  (directory / "c.key").string() + " -out " + file + " -subj '" + subject + "'"),
      0);
  BIO* in = BIO_new_file(file.c_str(), "r");
  X509* certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
  const CertificateNames names = names_of(certificate);
  X509_free(certificate);
  BIO_free(in);
  return names;
}

TEST(CertificateNames, JoinsTheFirstAttributeOfEachPart) {
  const CertificateNames names = names_for("/DC=org/O=mPlane+OU=left out/CN=first/CN=Client-1");
  EXPECT_EQ(names.identity, "org.mPlane.first.Client-1");
  EXPECT_EQ(names.common_name, "Client-1") << "the last one";
}

TEST(CertificateNames, KeepsUtf8AndNoControlCharacters) {
  const CertificateNames names = names_for("/O=Universit\xc3\xa9/CN=a\tb");
  EXPECT_EQ(names.identity, "Universit\xc3\xa9.a?b");
}

TEST(CertificateNames, ThereMayBeNone) {
  EXPECT_EQ(names_for("/O=nameless").common_name, "");
  EXPECT_EQ(names_of(nullptr).identity, "");
}

}  // namespace
}  // namespace tapstat::tests
