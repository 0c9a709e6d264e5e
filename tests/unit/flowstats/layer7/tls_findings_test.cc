#include "flowstats/layer7/tls_findings.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/groups/layer7.h"
#include "flowstats/layer7/inspection.h"
#include "tests/support/tls_messages.h"

namespace tapstat::flowstats::layer7 {
namespace {

namespace extension = tests::hello_extension;
using tests::ClientHelloFields, tests::ServerHelloFields, tests::TlsBytes;

TlsFindings client(const ClientHelloFields& fields, ClientHelloReading reading = {}) {
  const TlsBytes body = tests::client_hello_body(fields);
  TlsFindings findings;
  read_client_hello_into(findings, {body.data(), body.size()}, reading);
  return findings;
}

TlsFindings server(const ServerHelloFields& fields) {
  const TlsBytes body = tests::server_hello_body(fields);
  TlsFindings findings;
  read_server_hello_into(findings, read_server_hello({body.data(), body.size()}));
  return findings;
}

std::string text(const TlsVersions& versions) {
  std::array<char, kTlsVersionTextMax> buffer;
  return std::string(versions.text(buffer));
}

TEST(TlsFindings, ProtocolsOfAlpn) {
  const auto bits = [](const std::vector<std::string>& names) {
    return client({.extensions = {extension::alpn(names)}}).protocols[kClient];
  };
  EXPECT_EQ(bits({"h2"}), negotiated::kAlpnH2);
  EXPECT_EQ(bits({"h2-14"}), negotiated::kAlpnH2);
  EXPECT_EQ(bits({"http/1.0", "spdy/3"}), negotiated::kAlpnHttp | negotiated::kAlpnSpdy);
  EXPECT_EQ(bits({""}), negotiated::kAlpnEmpty);
  EXPECT_EQ(bits({}), 0);
  EXPECT_EQ(bits({"h3", "h2c", "dot", "HTTP/1.1"}), 0);
  EXPECT_EQ(client({.extensions = {extension::any(16)}}).protocols[kClient],
            negotiated::kAlpnEmpty);
}

TEST(TlsFindings, ProtocolsOfNpn) {
  EXPECT_EQ(client({.extensions = {extension::npn({})}}).protocols[kClient], negotiated::kNpnEmpty);
  EXPECT_EQ(server({.extensions = {extension::npn({"h2", "spdy/3.1", "http/1.1", "x"})}})
                .protocols[kServer],
            negotiated::kNpnH2 | negotiated::kNpnSpdy | negotiated::kNpnHttp);
}

TEST(TlsFindings, LastSupportedVersionsAreReadInCorrectedModeOnly) {
  const ClientHelloFields last = {.extensions = {extension::versions({0x1a1a, 0x0304, 0x0303})}};
  ClientHelloFields inner = last;
  inner.extensions.push_back(extension::any(23));
  EXPECT_EQ(text(client(last, {.mode = Mode::tstat}).client_versions), "0303");
  EXPECT_EQ(text(client(inner, {.mode = Mode::tstat}).client_versions), "1a1a,0304,0303");
  EXPECT_EQ(text(client(last, {.mode = Mode::corrected}).client_versions), "1a1a,0304,0303");
}

TEST(TlsFindings, VersionListsEndAfterFifteen) {
  std::vector<uint16_t> offered;
  for (uint16_t i = 0; i < 20; ++i) offered.push_back(static_cast<uint16_t>(0x0300 + i));
  const std::string found =
      text(client({.extensions = {extension::versions(offered), extension::padding(4)}})
               .client_versions);
  EXPECT_EQ(found.size(), kTlsVersionTextMax - 1);
  EXPECT_TRUE(found.ends_with(",030d,030e"));
  EXPECT_EQ(text({}), "");
}

TEST(TlsFindings, KindOfSession) {
  EXPECT_EQ(client({.extensions = {extension::any(41), extension::any(42)}}).session,
            tls_session::kClientPsk | tls_session::kEarlyData);
  EXPECT_EQ(client({.session_id = {1}}, {.mode = Mode::corrected}).session,
            tls_session::kSessionId);
  EXPECT_EQ(server({.is_retry = true}).session, tls_session::kHelloRetry);
  EXPECT_EQ(server({.extensions = {extension::any(41, {0, 0})}}).session, tls_session::kServerPsk);
  EXPECT_EQ(server({}).session, 0);
}

TEST(TlsFindings, SelectedVersion) {
  EXPECT_EQ(server({.legacy_version = 0x0302}).server_version, 0x0302);
  EXPECT_EQ(server({.extensions = {extension::version(0x0304)}}).server_version, 0x0304);
}

TEST(TlsFindings, ServerNameOfAnotherTypeIsNone) {
  const auto name = [](const TlsBytes& data) {
    return std::string(client({.extensions = {extension::any(0, data)}}).server_name.view());
  };
  EXPECT_EQ(name({0, 4, 0, 0, 1, 'a'}), "a");
  EXPECT_EQ(name({0, 4, 1, 0, 1, 'a'}), "");
  EXPECT_EQ(name({0, 4, 0, 0, 2, 'a'}), "") << "cut";
  EXPECT_EQ(name({}), "");
}

TEST(TlsFindings, FingerprintsOnlyWhenAskedFor) {
  const ClientHelloFields fields = {
      .extensions = {extension::server_name("public.example"), extension::ech(0x42, 186),
                     extension::alpn({"h3", "h2"}), extension::versions({0x6a6a, 0x0304})}};
  const TlsFindings without = client(fields);
  EXPECT_FALSE(without.fingerprint.hello_seen || without.fingerprint.has_ja4 ||
               without.fingerprint.has_ech);
  const TlsFingerprint found = client(fields, {.fingerprints = true}).fingerprint;
  EXPECT_TRUE(found.hello_seen && found.has_ja4 && found.has_ech);
  EXPECT_EQ(found.ech_config, 0x42);
  EXPECT_EQ(found.ech_payload, 186);
  EXPECT_EQ(found.alpn.view(), "h3,h2");
  EXPECT_EQ(found.highest_version, 0x0304);
}

TEST(TlsFindings, AlpnTextIsCut) {
  const std::vector<std::string> names = {std::string(60, 'a'), "bcd", "e"};
  EXPECT_EQ(client({.extensions = {extension::alpn(names)}}, {.fingerprints = true})
                .fingerprint.alpn.view(),
            names[0] + ",bcd");
}

TEST(TlsFindings, CutHellosTellWhatTheyHold) {
  const TlsBytes body = tests::client_hello_body(
      {.session_id = {1, 2},
       .extensions = {extension::server_name("www.one.example"), extension::alpn({"h2"}),
                      extension::versions({0x0304}), extension::ech(1, 100)}});
  TlsFindings findings;
  for (size_t size = 0; size <= body.size(); ++size) {
    const TlsBytes exact(body.begin(), body.begin() + size);
    read_client_hello_into(findings, {exact.data(), size},
                           {Mode::corrected, true, size == body.size()});
    EXPECT_EQ(findings.fingerprint.has_ja4, size == body.size()) << size;
    EXPECT_TRUE(findings.server_name.empty() || findings.server_name.view() == "www.one.example");
  }
  EXPECT_EQ(text(findings.client_versions), "0304");
  const TlsBytes answer = tests::server_hello_body({.extensions = {extension::version(0x0304)}});
  for (size_t size = 0; size <= answer.size(); ++size) {
    const TlsBytes exact(answer.begin(), answer.begin() + size);
    const ServerHello hello = read_server_hello({exact.data(), size});
    EXPECT_EQ(hello.is_complete, size == answer.size() || size == 38) << size;
  }
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
