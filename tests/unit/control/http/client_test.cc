#include "control/http/client.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/control/http/test_server.h"

namespace tapstat::tests {
namespace {

using namespace control::http;
using Result = flowstats::Result<ClientResponse>;

ClientRequest request(const std::string& url, std::string method = "GET", std::string body = "") {
  ClientRequest made;
  made.method = std::move(method);
  made.url = parse_url(url).value();
  made.body = std::move(body);
  made.timeout = milliseconds(2'000);
  return made;
}

/// A server that says `bytes` to whoever connects, whatever they ask, and ends.
class Parrot {
 public:
  explicit Parrot(std::string bytes, bool close = true)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ::bind(socket_.get(), reinterpret_cast<sockaddr*>(&at), size);
    ::listen(socket_.get(), 1);
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this, close, bytes = std::move(bytes)] { talk(bytes, close); });
  }
  ~Parrot() { thread_.join(); }
  Parrot(const Parrot&) = delete;
  Parrot& operator=(const Parrot&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/x";
  }

 private:
  void talk(const std::string& bytes, bool close) const {
    const dataplane::FileDescriptor peer(::accept(socket_.get(), nullptr, nullptr));
    char ignored[4096];
    ::recv(peer.get(), ignored, sizeof ignored, 0);
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t sent = ::send(peer.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;
      at += static_cast<size_t>(sent);
    }
    while (!close && ::recv(peer.get(), ignored, sizeof ignored, 0) > 0) continue;
  }

  dataplane::FileDescriptor socket_;
  unsigned port_ = 0;
  std::thread thread_;
};

std::string sentence(const Result& result) { return result ? "" : result.error().sentence; }

TEST(HttpClient, GetsAndPosts) {
  TestServer server;
  HttpClient client;
  const auto hello = client.send(request(server.url("/hello")));
  ASSERT_TRUE(hello) << hello.error().sentence;
  EXPECT_EQ(hello->status, 200U);
  EXPECT_EQ(hello->body, "hello");
  EXPECT_EQ(hello->content_type, "text/plain");
  EXPECT_EQ(hello->header("SERVER"), "tapstat");
  EXPECT_EQ(hello->header("absent"), "");
  const std::string large(4'000, 'x');
  EXPECT_EQ(client.send(request(server.url("/echo"), "POST", large))->body, large);
  EXPECT_EQ(client.send(request(server.url("/nothing")))->status, 404U);
}

TEST(HttpClient, SpeaksToLocalSockets) {
  const TempDir directory;
  ServerOptions options;
  options.local_socket = directory / "s.sock";
  TestServer server(options);
  HttpClient client;
  const std::string url = "unix:" + options.local_socket->string();
  EXPECT_EQ(client.send(request(url + ":/hello"))->body, "hello");
  EXPECT_TRUE(sentence(client.send(request("unix:" + (directory / "none").string() + ":/a")))
                  .ends_with("none/a: no such file or directory."));
}

TEST(HttpClient, SaysWhyThereIsNoAnswer) {
  unsigned port = 0;
  {
    TestServer server;
    port = server.port();
  }
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/p";
  const auto refused = HttpClient().send(request(url));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, flowstats::ExitStatus::environment);
  EXPECT_EQ(refused.error().sentence, "cannot reach " + url + ": connection refused.");
  const Parrot garbage("SSH-2.0-x\r\n"), cut("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  EXPECT_NE(sentence(HttpClient().send(request(garbage.url()))).find("no HTTP"), std::string::npos);
  EXPECT_NE(sentence(HttpClient().send(request(cut.url()))).find("ended before"),
            std::string::npos);
}

TEST(HttpClient, WaitsOnlyAsLongAsItIsTold) {
  const Parrot silent("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", false);
  ClientRequest slow = request(silent.url());
  slow.timeout = milliseconds(50);
  EXPECT_EQ(sentence(HttpClient().send(slow)),
            "cannot reach " + silent.url() + ": no answer within 50 ms.");
}

TEST(HttpClient, TakesEveryFormOfAnAnswer) {
  const Parrot to_end("HTTP/1.0 200 OK\r\n\r\nto the end");
  const Parrot chunked(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n0\r\n\r\n",
      false);
  const Parrot moved(
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
      "Content-Length: 0\r\n\r\n",
      false);
  EXPECT_EQ(HttpClient().send(request(to_end.url()))->body, "to the end");
  const auto created = HttpClient().send(request(chunked.url()));
  ASSERT_TRUE(created) << created.error().sentence;
  EXPECT_EQ(created->status, 201U);
  EXPECT_EQ(created->body, "abc");
  EXPECT_EQ(HttpClient().send(request(moved.url()))->status, 302U) << "never followed";
}

TEST(HttpClient, GivesUpOnAnswersWithoutEnd) {
  const Parrot endless("HTTP/1.1 200 OK\r\n\r\n" + std::string((16 << 20) + 1, 'x'));
  EXPECT_NE(sentence(HttpClient().send(request(endless.url()))).find("larger than 16 MiB"),
            std::string::npos);
}

TEST(AsyncHttpClient, SendsOneRequestAfterTheOther) {
  TestServer server;
  IoThread thread;
  std::promise<std::vector<std::string>> all;
  std::vector<std::string> bodies;
  auto client =
      thread.run([&] { return std::make_unique<AsyncHttpClient>(thread.io, std::nullopt); });
  thread.run([&] {
    for (const char* name : {"a", "b", "c"})
      client->send(request(server.url(std::string("/name/") + name)), [&](Result got) {
        bodies.push_back(got ? got->body : got.error().sentence);
        if (bodies.size() == 3) all.set_value(bodies);
      });
    EXPECT_TRUE(bodies.empty()) << "never inside send()";
  });
  EXPECT_EQ(all.get_future().get(), (std::vector<std::string>{"a", "b", "c"}));
  thread.run([&] { client.reset(); });
}

TEST(AsyncHttpClient, IsSilentOnceItIsGone) {
  TestServer server;
  IoThread thread;
  bool called = false;
  auto client =
      thread.run([&] { return std::make_unique<AsyncHttpClient>(thread.io, std::nullopt); });
  thread.run([&] {
    client->send(request(server.url("/late")), [&](const Result&) { called = true; });
    client->send(request(server.url("/hello")), [&](const Result&) { called = true; });
  });
  ASSERT_TRUE(eventually([&] { return server.has_late(); }));
  thread.run([&] { client.reset(); });
  std::this_thread::sleep_for(milliseconds(20));
  server.answer_late("x");
  EXPECT_EQ(server.written(), std::vector<bool>{false}) << "its connection is closed too";
  EXPECT_FALSE(thread.run([&] { return called; }));
}

TEST(AsyncHttpClient, MayBeDestroyedByItsOwnAnswer) {
  TestServer server;
  IoThread thread;
  std::promise<void> done;
  std::unique_ptr<AsyncHttpClient> client;
  thread.run([&] {
    client = std::make_unique<AsyncHttpClient>(thread.io, std::nullopt);
    client->send(request(server.url("/hello")), [&](const Result&) {
      client.reset();
      done.set_value();
    });
  });
  EXPECT_EQ(done.get_future().wait_for(milliseconds(2'000)), std::future_status::ready);
}

}  // namespace
}  // namespace tapstat::tests
