#include "control/http/session.h"

#include <gtest/gtest.h>

#include "tests/unit/control/http/test_server.h"

namespace tapstat::tests {
namespace {

using control::http::ServerOptions;

constexpr std::string_view kSessionHello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLate = "GET /late HTTP/1.1\r\nHost: a\r\n\r\n";

bool is_status(const std::string& answer, unsigned status) {
  return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

/// Every limit of time is short; the one of `slow` milliseconds is what a test waits for.
ServerOptions quick(milliseconds slow) {
  ServerOptions options;
  options.limits.handshake = options.limits.head = options.limits.body = options.limits.idle = slow;
  return options;
}

TEST(Session, AnswersRequestAfterRequest) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    const std::string answer = client.ask(kSessionHello);
    EXPECT_TRUE(is_status(answer, 200)) << answer;
    EXPECT_TRUE(answer.ends_with("\r\n\r\nhello"));
  }
  EXPECT_TRUE(eventually([&] { return server.written() == std::vector<bool>(3, true); }));
  EXPECT_EQ(server.counters().connections, 1U);
  EXPECT_EQ(server.counters().requests, 3U);
}

TEST(Session, EndsWhenThePeerWantsThat) {
  TestServer server;
  RawClient client(server.port());
  client.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string all = client.rest();
  EXPECT_TRUE(is_status(all, 200)) << all;
  EXPECT_NE(all.find("Connection: close"), std::string::npos);
  RawClient old(server.port());
  old.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.rest().ends_with("hello"));
}

TEST(Session, AnswersPipelinedRequestsInOrder) {
  TestServer server;
  RawClient client(server.port());
  client.send(
      "GET /name/a HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\n"
      "Content-Length: 1\r\n\r\nb" +
      std::string(kLate) + "GET /name/d HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.answer().ends_with("\na"));
  EXPECT_TRUE(client.answer().ends_with("\nb"));
  ASSERT_TRUE(eventually([&] { return server.has_late(); }));
  server.answer_late("c");
  EXPECT_TRUE(client.answer().ends_with("\nc"));
  EXPECT_TRUE(client.answer().ends_with("\nd"));
}

TEST(Session, TakesChunksAndAsksForBodiesThatWait) {
  TestServer server;
  RawClient client(server.port());
  const std::string chunked = client.ask(
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.ends_with("\r\n\r\nabcde")) << chunked;
  EXPECT_EQ(client.ask("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                       "Content-Length: 3\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_TRUE(client.ask("xyz").ends_with("\r\n\r\nxyz"));
}

TEST(Session, RefusesInTheWordsOfTheFamilyAndCloses) {
  TestServer server;
  const auto refused = [&](const std::string& bytes) {
    RawClient client(server.port());
    client.send(bytes);
    return client.rest();
  };
  const std::string large = refused(
      "POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n" + std::string(17, 'x'));
  EXPECT_TRUE(is_status(large, 413)) << large;
  EXPECT_TRUE(large.ends_with("api: Message too large"));
  EXPECT_NE(large.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(is_status(refused("nonsense\r\n\r\n"), 400));
  EXPECT_TRUE(is_status(refused("POST /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 411));
  EXPECT_TRUE(is_status(refused("GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\n\r\n"), 414));
  EXPECT_TRUE(is_status(refused("GET / HTTP/1.1\r\nHost: " + std::string(20'000, 'a')), 431));
  EXPECT_EQ(server.counters().bad_requests, 5U);
}

/// A body far larger than any buffer is still on its way when the refusal leaves.
TEST(Session, ARefusalReachesAPeerThatStillSends) {
  TestServer server;
  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n");
  client.send(std::string(4 << 20, 'x'));
  EXPECT_TRUE(is_status(client.answer(), 413));
}

TEST(Session, WrongPathsAndMethodsKeepTheConnection) {
  TestServer server;
  RawClient client(server.port());
  EXPECT_TRUE(client.ask("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("rest: Not found"));
  const std::string wrong =
      client.ask("PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(is_status(wrong, 405));
  EXPECT_NE(wrong.find("\r\nAllow: GET\r\n"), std::string::npos) << wrong;
  client.send("HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.rest().ends_with("\r\n\r\n")) << "HEAD has no body";
  EXPECT_EQ(server.counters().bad_requests, 0U);
}

TEST(Session, BrokenAndDroppedHandlersAnswerForThemselves) {
  TestServer server;
  RawClient client(server.port());
  EXPECT_TRUE(is_status(client.ask("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n"), 500));
  EXPECT_TRUE(is_status(client.ask("GET /dropped HTTP/1.1\r\nHost: a\r\n\r\n"), 500));
  EXPECT_TRUE(is_status(client.ask(kSessionHello), 200));
}

TEST(Session, ALateAnswerOutlivesEveryLimit) {
  TestServer server(quick(milliseconds(30)));
  RawClient client(server.port());
  client.send(kLate);
  ASSERT_TRUE(eventually([&] { return server.has_late(); }));
  std::this_thread::sleep_for(milliseconds(100));
  server.answer_late("at last");
  EXPECT_TRUE(client.answer().ends_with("at last"));
  EXPECT_TRUE(eventually([&] { return server.written() == std::vector<bool>{true}; }));
}

TEST(Session, NoticesAPeerThatLeavesWhileItWaits) {
  TestServer server;
  {
    RawClient client(server.port());
    client.send(kLate);
    ASSERT_TRUE(eventually([&] { return server.has_late(); }));
  }
  std::this_thread::sleep_for(milliseconds(20));
  server.answer_late("to nobody");
  EXPECT_EQ(server.written(), std::vector<bool>{false});
}

TEST(Session, EndsSlowAndIdlePeers) {
  TestServer server(quick(milliseconds(50)));
  RawClient silent(server.port()), slow_head(server.port()), slow_body(server.port());
  RawClient idle(server.port());
  slow_head.send("GET /hello HT");
  slow_body.send("POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
  EXPECT_TRUE(is_status(idle.ask(kSessionHello), 200));
  EXPECT_EQ(silent.rest(), "");
  EXPECT_TRUE(slow_head.rest().ends_with("rest: Request timed out"));
  const std::string body = slow_body.rest();
  EXPECT_TRUE(is_status(body, 408));
  EXPECT_TRUE(body.ends_with("api: Request timed out"));
  EXPECT_EQ(idle.rest(), "");
  EXPECT_EQ(server.counters().timed_out, 2U);
  EXPECT_EQ(server.counters().bad_requests, 2U);
}

TEST(Session, EndsPeersThatDoNotReadTheirAnswer) {
  TestServer server(quick(milliseconds(50)));
  const RawClient client(server.port());
  client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return server.written() == std::vector<bool>{false}; }));
  EXPECT_EQ(server.counters().timed_out, 1U);
}

TEST(Session, StoppingRefusesWhatStillWaits) {
  TestServer server;
  RawClient waiting(server.port()), idle(server.port());
  EXPECT_TRUE(is_status(idle.ask(kSessionHello), 200));
  waiting.send(kLate);
  ASSERT_TRUE(eventually([&] { return server.has_late(); }));
  server.stop();
  const std::string answer = waiting.rest();
  EXPECT_TRUE(is_status(answer, 503)) << answer;
  EXPECT_NE(answer.find("\r\nRetry-After: 5\r\n"), std::string::npos);
  EXPECT_EQ(idle.rest(), "");
  server.answer_late("too late");
  EXPECT_EQ(server.written(), (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace tapstat::tests
