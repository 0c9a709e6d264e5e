#include "flowstats/layer7/certificate_name_scan.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/tls_messages.h"

namespace tapstat::flowstats::layer7 {
namespace {

using tests::join_bytes, tests::text_bytes, tests::TlsBytes, tests::with_length;

TlsBytes common_name(std::string_view text) {
  return join_bytes({{6, 3, 0x55, 4, 3, 0x0c}, with_length(1, text_bytes(text))});
}

std::string scan(const TlsBytes& bytes) {
  return std::string(scan_common_name({bytes.data(), bytes.size()}));
}

TEST(CertificateNameScan, TakesTheFirstThatIsAServerName) {
  EXPECT_EQ(scan(join_bytes({TlsBytes(50, 6), common_name("Test CA"), TlsBytes(9, 1),
                             common_name("www.cert.example"), common_name("two.example")})),
            "www.cert.example");
}

TEST(CertificateNameScan, CutsBeforeItTests) {
  const std::string label(75, 'l');
  EXPECT_EQ(scan(common_name(label + ".example")), label + ".exa");
  EXPECT_EQ(scan(common_name(std::string(79, 'l') + ".example")), "");
}

TEST(CertificateNameScan, StopsAtTheEndOfTheBytes) {
  const TlsBytes whole = common_name("www.cert.example");
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string found = scan(TlsBytes(whole.begin(), whole.begin() + size));
    EXPECT_TRUE(std::string("www.cert.example").starts_with(found)) << size;
    EXPECT_EQ(found.empty(), size < 13 || size == 17) << size;  // the end is no name
  }
}

TEST(CertificateNameScan, FindsNothingElse) {
  EXPECT_EQ(scan({}), "");
  EXPECT_EQ(scan(common_name("Test CA")), "");
  EXPECT_EQ(scan(text_bytes("www.cert.example")), "");
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
