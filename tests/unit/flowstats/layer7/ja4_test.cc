#include "flowstats/layer7/ja4.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/tls_messages.h"

namespace tapstat::flowstats::layer7 {
namespace {

namespace extension = tests::hello_extension;
using tests::ClientHelloFields, tests::TlsBytes;

std::string ja4_of(const ClientHelloFields& fields, char transport = 't') {
  const TlsBytes body = tests::client_hello_body(fields);
  const auto text = ja4(transport, read_client_hello({body.data(), body.size()}));
  return {text.begin(), text.end()};
}

/// The hello that FoxIO's published example describes, in another order and with GREASE.
ClientHelloFields well_known() {
  return {
      .cipher_suites = {0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                        0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035},
      .extensions = {extension::any(0x1a1a), extension::server_name("www.one.example"),
                     extension::any(0x17), extension::any(0xff01, {0}), extension::any(0x0a),
                     extension::any(0x0b), extension::any(0x23),
                     extension::alpn({"h2", "http/1.1"}), extension::any(0x05),
                     extension::signature_algorithms(
                         {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}),
                     extension::any(0x12), extension::any(0x33), extension::any(0x2d),
                     extension::versions({0x6a6a, 0x0304, 0x0303}), extension::any(0x1b),
                     extension::any(0x4469), extension::any(0xbaba, {0}), extension::padding(7)}};
}

TEST(Ja4, WellKnownHello) {
  EXPECT_EQ(ja4_of(well_known()), "t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(ja4_of(well_known(), 'q'), "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Ja4, OrderOfExtensionsDoesNotMatter) {
  ClientHelloFields fields = well_known();
  std::vector<TlsBytes> turned(fields.extensions.rbegin(), fields.extensions.rend());
  fields.extensions = turned;
  EXPECT_EQ(ja4_of(fields), ja4_of(well_known()));
}

TEST(Ja4, EmptyHello) {
  EXPECT_EQ(ja4_of({.legacy_version = 0x0301, .cipher_suites = {}}),
            "t10i000000_000000000000_000000000000");
}

TEST(Ja4, Versions) {
  struct Case {
    uint16_t legacy;
    std::vector<uint16_t> offered;
    const char* code;
  };
  for (const Case& c : std::vector<Case>{{0x0303, {}, "12"},
                                         {0x0302, {}, "11"},
                                         {0x0300, {}, "s3"},
                                         {0x0002, {}, "s2"},
                                         {0x0999, {}, "00"},
                                         {0x0303, {0x0303, 0x0304, 0x0302}, "13"},
                                         {0x0303, {0xfafa}, "12"},
                                         {0xfeff, {}, "d1"},
                                         {0xfefd, {0xfeff, 0xfefd}, "d2"},
                                         {0xfefd, {0xfefc, 0xfefd}, "d3"}}) {
    ClientHelloFields fields = {.legacy_version = c.legacy};
    if (!c.offered.empty()) fields.extensions.push_back(extension::versions(c.offered));
    EXPECT_EQ(ja4_of(fields).substr(1, 2), c.code) << c.legacy;
  }
}

TEST(Ja4, Protocols) {
  const auto code = [](const std::vector<std::string>& names) {
    return ja4_of({.extensions = {extension::alpn(names)}}).substr(8, 2);
  };
  EXPECT_EQ(code({"http/1.1", "h2"}), "h1");
  EXPECT_EQ(code({"x"}), "xx");
  EXPECT_EQ(code({"\x8ajk\xf3"}), "83");
  EXPECT_EQ(code({"\x1a\x1a", "dot"}), "dt");
  EXPECT_EQ(code({}), "00");
}

TEST(Ja4, CountsStopAtNinetyNine) {
  ClientHelloFields fields;
  fields.cipher_suites.clear();
  for (uint16_t i = 0; i < 700; ++i) {
    fields.cipher_suites.push_back(i);
    fields.extensions.push_back(extension::any(static_cast<uint16_t>(0x4000 + i)));
  }
  EXPECT_EQ(ja4_of(fields).substr(4, 4), "9999");
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
