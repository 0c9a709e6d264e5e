#include "control/http/tls_context.h"

#include <fstream>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "tests/unit/control/http/test_certificates.h"
#include "tests/unit/control/http/test_server.h"

namespace tapstat::tests {
namespace {

using namespace control::http;
using flowstats::ExitStatus;

ServerOptions with_tls(const Certificates& files) {
  ServerOptions options;
  options.tls = files.server();
  return options;
}

flowstats::Result<ClientResponse> get(const TestServer& server, const std::string& path,
                                      std::optional<ClientTls> tls) {
  ClientRequest request;
  request.url = parse_url(server.url(path)).value();
  request.timeout = milliseconds(3'000);
  return HttpClient(std::move(tls)).send(request);
}

std::string tls_complaint(const TlsFiles& files) {
  const auto made = make_server_context(files);
  if (made) return "";
  EXPECT_EQ(made.error().status, ExitStatus::usage);
  return made.error().sentence;
}

/// A blocking TLS connection that speaks only when told to.
class TlsClient {
 public:
  TlsClient(const TestServer& server, const ClientTls& files, int version = TLS1_3_VERSION)
      : socket_(server.port()), context_(make_client_context({files.ca, {}, {}}).value()) {
    if (files.certificate)
      SSL_CTX_use_certificate_file(context_.get(), files.certificate->c_str(), SSL_FILETYPE_PEM);
    if (files.key)
      SSL_CTX_use_PrivateKey_file(context_.get(), files.key->c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    tls_.reset(SSL_new(context_.get()), SSL_free);
    SSL_set_fd(tls_.get(), socket_.fd());
    connected_ = SSL_connect(tls_.get()) == 1;
  }
  ~TlsClient() {
    if (connected_) SSL_shutdown(tls_.get());
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] int version() const { return SSL_version(tls_.get()); }
  [[nodiscard]] bool has_resumable_session() const {
    return SSL_SESSION_is_resumable(SSL_get0_session(tls_.get())) == 1;
  }

  /// The answer as far as one read gives it; empty when the connection ended.
  [[nodiscard]] std::string ask(const std::string& bytes) const {
    if (SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) return "";
    char answer[4096];
    const int got = SSL_read(tls_.get(), answer, sizeof answer);
    return got <= 0 ? "" : std::string(answer, static_cast<size_t>(got));
  }

 private:
  RawClient socket_;
  TlsContext context_;
  std::shared_ptr<SSL> tls_;
  bool connected_ = false;
};

const std::string kGreeting = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(TlsContext, SpeaksBothVersionsAndResumesNeither) {
  TestServer server(with_tls(certificates()));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsClient client(server, certificates().client("operator"), version);
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.version(), version);
    EXPECT_TRUE(client.ask(kGreeting).ends_with("hello"));
    EXPECT_TRUE(client.ask(kGreeting).ends_with("hello"));
    EXPECT_FALSE(client.has_resumable_session());
  }
  const TlsClient old(server, certificates().client("operator"), TLS1_1_VERSION);
  EXPECT_FALSE(old.connected());
}

TEST(TlsContext, ARefusedCertificateOfTls13GetsNoByteOfAnAnswer) {
  TestServer server(with_tls(certificates()));
  const TlsClient none(server, {certificates().path("ca.pem"), {}, {}});
  EXPECT_TRUE(none.connected()) << "the client's side of the handshake is over too early to know";
  EXPECT_EQ(none.ask(kGreeting), "");
  EXPECT_EQ(server.counters().requests, 0U);
}

TEST(TlsContext, AHandshakeWithoutARequestIsNoFault) {
  TestServer server(with_tls(certificates()));
  { const TlsClient client(server, certificates().client("operator")); }
  EXPECT_TRUE(eventually([&] { return server.counters().connections == 1; }));
  EXPECT_TRUE(get(server, "/hello", certificates().client("operator")));
  EXPECT_EQ(server.counters().failed_handshakes, 0U);
  EXPECT_EQ(server.counters().bad_requests, 0U);
  EXPECT_EQ(server.counters().timed_out, 0U);
}

TEST(TlsContext, BothEndsLearnTheNamesOfTheOther) {
  TestServer server(with_tls(certificates()));
  EXPECT_TRUE(server.server().base_url().starts_with("https://127.0.0.1:"));
  const auto answer = get(server, "/peer", certificates().client("operator"));
  ASSERT_TRUE(answer) << answer.error().sentence;
  EXPECT_EQ(answer->body, "operator|org.tapstat-test.Clients.operator|127.0.0.1");
  EXPECT_EQ(answer->server_common_name, "localhost");
  EXPECT_EQ(answer->server_identity, "org.tapstat-test.Components.localhost");
}

TEST(TlsContext, NobodyWithoutAValidCertificateIsAnswered) {
  TestServer server(with_tls(certificates()));
  ClientTls none{certificates().path("ca.pem"), {}, {}};
  ClientTls foreign = foreign_certificates().client("operator");
  foreign.ca = certificates().path("ca.pem");
  unsigned refused = 0;
  for (const ClientTls& tls : {none, foreign, certificates().client("revoked")}) {
    const auto answer = get(server, "/hello", tls);
    EXPECT_FALSE(answer) << answer->body;
    ++refused;
    EXPECT_TRUE(eventually([&] { return server.counters().failed_handshakes == refused; }));
  }
  // Our own client does not even try with an expired certificate; others do.
  const TlsClient old(server, certificates().client("expired"));
  EXPECT_EQ(old.ask(kGreeting), "");
  EXPECT_TRUE(eventually([&] { return server.counters().failed_handshakes == 4; }));
  const auto expired = get(server, "/hello", certificates().client("expired"));
  ASSERT_FALSE(expired);
  EXPECT_NE(expired.error().sentence.find("expired.pem\": it expired on "), std::string::npos);
  EXPECT_EQ(server.counters().requests, 0U);
  EXPECT_TRUE(get(server, "/hello", certificates().client("reader")));
}

TEST(TlsContext, ClientsRefuseForeignAndWronglyNamedServers) {
  TestServer server(with_tls(certificates()));
  EXPECT_FALSE(get(server, "/hello", foreign_certificates().client("operator")));
  ServerOptions options = with_tls(certificates());
  options.listen = "127.0.0.2:0";  // not in the certificate
  TestServer other(options);
  const auto answer = get(other, "/hello", certificates().client("operator"));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().sentence.find("mismatch"), std::string::npos) << answer.error().sentence;
}

TEST(TlsContext, PlainTextOnATlsPortEndsTheConnection) {
  TestServer server(with_tls(certificates()));
  RawClient client(server.port());
  client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.rest().find("HTTP/1.1"), std::string::npos);
  EXPECT_TRUE(eventually([&] { return server.counters().failed_handshakes == 1; }));
}

TEST(TlsContext, ASlowHandshakeEnds) {
  ServerOptions options = with_tls(certificates());
  options.limits.handshake = milliseconds(50);
  TestServer server(options);
  RawClient client(server.port());
  EXPECT_EQ(client.rest(), "");
  EXPECT_EQ(server.counters().timed_out, 1U);
}

TEST(TlsContext, ReloadServesTheNewCertificatesAndKeepsTheOldOnesWhenTheyAreWrong) {
  const Certificates files;
  TestServer server(with_tls(files));
  const auto key = files.path("server.key");
  ASSERT_TRUE(get(server, "/hello", files.client("operator")));
  const ClientTls old = files.client("operator");
  const TlsClient open(server, old);
  EXPECT_TRUE(open.ask(kGreeting).ends_with("hello"));
  std::filesystem::rename(key, files.path("kept.key"));
  const auto missing = server.reload();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().sentence,
            "cannot use key \"" + key.string() + "\": No such file or directory.");
  EXPECT_TRUE(get(server, "/hello", old)) << "the old ones are still in force";
  files.make();
  EXPECT_FALSE(get(server, "/hello", files.client("operator"))) << "not yet reloaded";
  ASSERT_TRUE(server.reload());
  EXPECT_TRUE(open.ask(kGreeting).ends_with("hello")) << "open connections go on";
  EXPECT_TRUE(get(server, "/hello", files.client("operator")));
}

TEST(TlsContext, ErrorsNameTheFileAndTheReason) {
  const Certificates& good = certificates();
  const TempDir directory;
  const auto text_file = [&](const char* name, const char* text) {
    std::ofstream(directory / name) << text;
    return directory / name;
  };
  TlsFiles files = good.server();
  EXPECT_EQ(tls_complaint(files), "");
  files.key = good.path("operator.key");
  EXPECT_EQ(tls_complaint(files), "cannot use key \"" + files.key.string() +
                                      "\": it does not belong to certificate \"" +
                                      files.certificate.string() + "\".");
  files = good.server();
  files.certificate = good.path("expired.pem");
  EXPECT_TRUE(tls_complaint(files).starts_with("cannot use certificate \"" +
                                               files.certificate.string() + "\": it expired on "));
  files = good.server();
  files.certificate = text_file("text.pem", "no certificate");
  EXPECT_EQ(tls_complaint(files), "cannot use certificate \"" + files.certificate.string() +
                                      "\": not a PEM file of the right kind.");
  files = good.server();
  files.key = directory / "locked.key";
  ASSERT_EQ(run_quietly("openssl ec -aes128 -passout pass:secret -in " +
                        good.path("server.key").string() + " -out " + files.key.string()),
            0);
  EXPECT_TRUE(tls_complaint(files).starts_with("cannot use key ")) << "and asks nobody";
  files = good.server();
  files.client_ca = directory.path();
  EXPECT_EQ(tls_complaint(files),
            "cannot use client_ca \"" + directory.path().string() + "\": Is a directory.");
  files.client_ca = text_file("empty.pem", "");
  EXPECT_TRUE(tls_complaint(files).ends_with("the file is empty."));
  files = good.server();
  files.revoked = good.path("ca.pem");
  EXPECT_TRUE(tls_complaint(files).starts_with("cannot use revocation list"));
  EXPECT_FALSE(make_client_context({directory / "nothing.pem", {}, {}}));
}

TEST(TlsContext, TheScriptReplacesNothingUnasked) {
  const std::string script = "bash '" TAPSTAT_SOURCE_ROOT "/scripts/make_certs.sh' ";
  EXPECT_NE(run_quietly(script + certificates().path("").string()), 0);
  EXPECT_NE(run_quietly(script), 0);
  EXPECT_NE(run_quietly(script + "--days 0 " + certificates().path("x").string()), 0);
  EXPECT_EQ(std::filesystem::status(certificates().path("server.key")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace tapstat::tests
