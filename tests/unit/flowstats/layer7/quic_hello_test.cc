#include "flowstats/layer7/quic_hello.h"

#include <gtest/gtest.h>

#include "tests/support/quic_packet.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::Octets;
using test::range;

Octets hello_bytes() {
  Octets extensions = test::server_name_extension("quic.example.org");
  test::append(extensions, test::tls_extension(16, {0, 6, 2, 'h', '3', 2, 'h', 'q'}));
  Octets parameters = {0x01, 0x02, 0x40, 0x64};  // idle time-out
  test::append(parameters, Octets{0x71, 0x29, 0x06});
  test::append(parameters, "Chrome");
  test::append(extensions, test::tls_extension(0x39, parameters));
  test::append(extensions, test::tls_extension(43, {2, 3, 4}));
  test::append(extensions,
               test::tls_extension(0xfe0d, {0, 0, 1, 0, 1, 77, 0, 1, 9, 0, 3, 1, 2, 3}));
  return test::client_hello(extensions);
}

TEST(QuicHello, SaysNameProtocolsUserAgentAndEch) {
  QuicHello hello;
  EXPECT_TRUE(read_quic_hello(range(hello_bytes()), true, hello));
  EXPECT_EQ(hello.server_name.view(), "quic.example.org");
  EXPECT_EQ(hello.alpn.view(), "h3,hq");
  EXPECT_EQ(hello.user_agent.view(), "Chrome");
  EXPECT_TRUE(hello.has_ech);
  EXPECT_EQ(hello.ech_config, 77);
  EXPECT_EQ(hello.ech_payload, 3);
  EXPECT_EQ(hello.ech_bytes, 14);
  EXPECT_EQ(hello.tls_version, 0x0304);
  ASSERT_TRUE(hello.has_ja4);
  EXPECT_EQ((std::string_view{hello.ja4.data(), 10}), "q13d0105h3");
}

TEST(QuicHello, IsReadAsFarAsItGoes) {
  const Octets bytes = hello_bytes();
  for (size_t size = 0; size < bytes.size(); ++size) {
    QuicHello hello;
    EXPECT_FALSE(read_quic_hello(range(bytes).first(size), true, hello)) << size;
    EXPECT_FALSE(hello.has_ja4);
    const std::string_view name = hello.server_name.view();
    EXPECT_TRUE(name.empty() || name == "quic.example.org") << "no piece of a name: " << size;
  }
}

TEST(QuicHello, OtherMessagesSayNothing) {
  Octets bytes = hello_bytes();
  bytes[0] = 2;
  QuicHello hello;
  EXPECT_FALSE(read_quic_hello(range(bytes), true, hello));
  EXPECT_TRUE(hello.server_name.empty());
}

TEST(QuicHello, LongTextsAreCut) {
  Octets extensions = test::server_name_extension(std::string(300, 'a') + ".example");
  Octets parameters = {0x71, 0x29, 0x40, 200};
  parameters.insert(parameters.end(), 200, 'u');
  test::append(extensions, test::tls_extension(0x39, parameters));
  QuicHello hello;
  EXPECT_TRUE(read_quic_hello(range(test::client_hello(extensions)), false, hello));
  EXPECT_EQ(hello.server_name.view().size(), 255U);
  EXPECT_EQ(hello.user_agent.view().size(), 80U);
  EXPECT_FALSE(hello.has_ja4);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
