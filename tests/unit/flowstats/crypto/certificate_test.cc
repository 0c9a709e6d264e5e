#include "flowstats/crypto/certificate.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/tls_messages.h"

namespace tapstat::flowstats::crypto {
namespace {

using tests::certificate_der, tests::TlsBytes;

std::string owner_name(const TlsBytes& der) {
  Text<kOwnerNameMax> name;
  name.assign("left from before");
  const bool found = read_owner_name({der.data(), der.size()}, name);
  EXPECT_EQ(found, !name.empty());
  return std::string(name.view());
}

TEST(Certificate, CommonNameComesFirst) {
  EXPECT_EQ(owner_name(certificate_der(
                {.common_names = {"www.one.example"}, .dns_names = {"www.two.example"}})),
            "www.one.example");
  EXPECT_EQ(owner_name(certificate_der({.common_names = {"Some Device"}})), "Some Device");
  EXPECT_EQ(owner_name(certificate_der({.common_names = {"Group", "www.one.example"}})),
            "www.one.example");
}

TEST(Certificate, AlternativeNameStandsIn) {
  EXPECT_EQ(owner_name(certificate_der({.dns_names = {"www.two.example", "three.example"}})),
            "www.two.example");
}

TEST(Certificate, NamesNobody) { EXPECT_EQ(owner_name(certificate_der({})), ""); }

TEST(Certificate, NamesAreCut) {
  // An alternative name, since a common name has 64 bytes at most.
  const std::string name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example";
  EXPECT_EQ(owner_name(certificate_der({.dns_names = {name}})), name.substr(0, kOwnerNameMax));
}

TEST(Certificate, BrokenOnesAreRefused) {
  const TlsBytes der = certificate_der({.common_names = {"www.one.example"}});
  EXPECT_EQ(owner_name({}), "");
  EXPECT_EQ(owner_name(TlsBytes(100, 0x30)), "");
  for (size_t size = 1; size < der.size(); size += 7) {
    EXPECT_EQ(owner_name(TlsBytes(der.begin(), der.begin() + size)), "") << size;
  }
  TlsBytes longer = der;
  longer.resize(kCertificateMax + 1);
  EXPECT_EQ(owner_name(longer), "") << "beyond the bound";
  longer.resize(kCertificateMax);
  EXPECT_EQ(owner_name(longer), "www.one.example") << "what follows does not matter";
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
