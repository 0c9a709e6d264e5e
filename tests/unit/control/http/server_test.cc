#include "control/http/server.h"

#include <sys/stat.h>

#include <fstream>

#include <gtest/gtest.h>

#include "control/http/client.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/control/http/test_server.h"

namespace tapstat::tests {
namespace {

using namespace control::http;
using flowstats::ExitStatus;

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// What create() says to `options`; empty when it likes them.
flowstats::Error complaint(const ServerOptions& options) {
  boost::asio::io_context io;
  Router router;
  const auto made = Server::create(io, options, router);
  return made ? flowstats::Error{ExitStatus::done, ""} : made.error();
}

bool answers(const RawClient& client) {
  client.send(kHello);
  RawClient& reader = const_cast<RawClient&>(client);
  return reader.answer().ends_with("hello");
}

TEST(Server, NamesWhatItListensOn) {
  TestServer server;
  EXPECT_EQ(server.server().base_url(), "http://127.0.0.1:" + std::to_string(server.port()));
  ServerOptions v6;
  v6.listen = "[::1]:0";
  TestServer other(v6);
  EXPECT_EQ(other.server().base_url(), "http://[::1]:" + std::to_string(other.port()));
}

TEST(Server, WantsTlsBeyondThisMachine) {
  ServerOptions options;
  options.listen = "0.0.0.0:8888";
  const flowstats::Error error = complaint(options);
  EXPECT_EQ(error.status, ExitStatus::usage);
  EXPECT_EQ(error.sentence,
            "[control] listen = \"0.0.0.0:8888\" without TLS. Add certificate, key and client_ca, "
            "or listen on 127.0.0.1.");
  options.listen = "nowhere";
  EXPECT_EQ(complaint(options).status, ExitStatus::usage);
}

TEST(Server, TellsWhoHasThePort) {
  TestServer server;
  ServerOptions options;
  options.listen = "127.0.0.1:" + std::to_string(server.port());
  const flowstats::Error error = complaint(options);
  EXPECT_EQ(error.status, ExitStatus::environment);
  std::string name;
  std::getline(std::ifstream("/proc/self/comm"), name);
  const std::string owner =
      options.listen + " is in use by \"" + name + "\" (pid " + std::to_string(getpid()) + "). ";
  EXPECT_EQ(error.sentence, owner + "Set [control] listen or stop that process.");
  options.listen_rule.setting = "--listen";
  EXPECT_EQ(complaint(options).sentence, owner + "Set --listen or stop that process.");
}

TEST(Server, MissingCertificatesAreAnErrorOfUse) {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.tls = TlsFiles{"nothing.pem", "nothing.key", "nothing.pem", {}};
  EXPECT_EQ(complaint(options).status, ExitStatus::usage);
}

TEST(Server, ClosesWhatIsOverTheLimitOfAnAddress) {
  ServerOptions options;
  options.limits.connections_per_address = 2;
  TestServer server(options);
  {
    const RawClient first(server.port()), second(server.port());
    EXPECT_TRUE(answers(first) && answers(second));
    RawClient third(server.port());
    EXPECT_EQ(third.rest(), "");
    EXPECT_EQ(server.counters().refused_connections, 1U);
  }
  EXPECT_TRUE(eventually([&] { return answers(RawClient(server.port())); }));
}

TEST(Server, TheLocalSocketHasItsOwnShare) {
  const TempDir directory;
  ServerOptions options;
  options.limits.connections = 1;
  options.local_socket = directory / "tapstat.sock";
  TestServer server(options);
  const RawClient tcp(server.port());
  EXPECT_TRUE(answers(tcp));
  RawClient refused(server.port());
  EXPECT_EQ(refused.rest(), "");
  EXPECT_TRUE(answers(RawClient(options.local_socket->string())));
}

TEST(Server, ManyConnectionsAtOnceLeaveItAlive) {
  ServerOptions options;
  options.limits.connections = 20;
  options.limits.connections_per_address = 20;
  TestServer server(options);
  {
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 200; ++i) clients.push_back(std::make_unique<RawClient>(server.port()));
    EXPECT_TRUE(eventually([&] { return server.counters().refused_connections == 180; }));
  }
  EXPECT_TRUE(eventually([&] { return answers(RawClient(server.port())); }));
}

TEST(Server, TheLocalSocketIsOursAloneAndGoesWithTheServer) {
  const TempDir directory;
  ServerOptions options;
  options.local_socket = directory / "tapstat.sock";
  {
    TestServer server(options);
    struct stat status {};
    ASSERT_EQ(stat(options.local_socket->c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    RawClient client(options.local_socket->string());
    EXPECT_TRUE(client.ask("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
                    .ends_with("|Identity.Unauthenticated.Default|local"));
    ServerOptions second = options;
    second.listen = "127.0.0.1:0";
    EXPECT_EQ(complaint(second).status, ExitStatus::environment);
    EXPECT_TRUE(answers(RawClient(options.local_socket->string()))) << "the first one still lives";
  }
  EXPECT_FALSE(std::filesystem::exists(*options.local_socket));
}

TEST(Server, AStaleLocalSocketIsReplacedAnythingElseIsNot) {
  const TempDir directory;
  ServerOptions options;
  options.local_socket = directory / "tapstat.sock";
  {
    const dataplane::FileDescriptor left(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    options.local_socket->string().copy(at.sun_path, sizeof at.sun_path - 1);
    ASSERT_EQ(::bind(left.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  }
  {
    TestServer server(options);
    EXPECT_TRUE(answers(RawClient(options.local_socket->string())));
  }
  std::ofstream(*options.local_socket) << "precious";
  options.listen = "127.0.0.1:0";
  EXPECT_EQ(complaint(options).status, ExitStatus::environment);
  EXPECT_TRUE(std::filesystem::exists(*options.local_socket));
  options.local_socket = directory / std::string(120, 'x');
  EXPECT_NE(complaint(options).sentence.find("the system takes 107"), std::string::npos);
}

TEST(Server, StopsTwiceAndBeforeItServes) {
  boost::asio::io_context io;
  Router router;
  ServerOptions options;
  options.listen = "localhost:0";
  auto server = Server::create(io, options, router);
  ASSERT_TRUE(server) << server.error().sentence;
  (*server)->stop();
  (*server)->stop();
  server->reset();
  io.run();
}

}  // namespace
}  // namespace tapstat::tests
