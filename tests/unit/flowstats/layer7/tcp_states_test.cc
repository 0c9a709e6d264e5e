#include "flowstats/layer7/tcp_states.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/layer7/kind.h"
#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

struct Line {
  size_t side;
  std::string_view text;
  uint32_t packet = 0;  // of the flow; 0: the next
};
using Talk = std::vector<Line>;

struct Outcome {
  uint32_t bits = 0;
  TcpState state = TcpState::start;
  uint8_t http_type = 0;
};

Outcome outcome_of(const Talk& talk) {
  TcpStates states;
  test::TcpViews views;
  Outcome outcome;
  for (const Line& line : talk) {
    if (line.packet != 0) views.pass_until(line.packet - 1);
    if (states.state() == TcpState::stopped) continue;
    outcome.bits |= states.on_segment(views.segment(line.side, line.text));
  }
  outcome.state = states.state();
  outcome.http_type = states.http_type();
  return outcome;
}

TEST(TcpStates, ProtocolsNeedAWordOfEachSide) {
  using namespace connection;
  struct Case {
    const char* name;
    Talk talk;
    uint32_t bits;
  };
  for (const Case& c : {
           Case{"HTTP", {{0, "GET / HTTP/1.1"}, {1, "HTTP/1.1 200 OK"}}, kHttp},
           {"HTTP without a slash", {{0, "GET / HTTP/1.1"}, {1, "HTTP 200"}}, kHttp},
           {"longer method", {{0, "POSTX / HTTP/1.1"}, {1, "HTTP/1.1 200 OK"}}, kHttp},
           {"method without its blank", {{0, "DELETED /"}, {1, "HTTP/1.1 200 OK"}}, 0},
           {"request alone", {{0, "GET / HTTP/1.1"}}, 0},
           {"four bytes", {{0, "GET "}, {1, "HTTP/1.1 200 OK"}}, 0},
           {"CONNECT", {{0, "CONNECT a:1 HTTP/1.1"}, {1, "HTTP/1.1 200 OK"}}, 0},
           {"ICY", {{0, "GET / HTTP/1.1"}, {1, "ICY 200 OK"}, {1, "HTTP/1.1 200 OK"}}, kIcy},
           {"RTSP", {{0, "DESCRIBE rtsp://x RTSP/1.0"}, {1, "RTSP/1.0 200 OK"}}, kRtsp},
           {"RTSP, OPTIONS first", {{0, "OPTIONS * RTSP/1.0"}, {1, "RTSP/1.0 200 OK"}}, 0},
           {"SMTP", {{1, "220 x"}, {0, "EHLO x"}}, kSmtp},
           {"SMTP in mixed case", {{1, "220 x"}, {0, "Ehlo x"}}, 0},
           {"SMTP of several lines", {{1, "220-x"}, {0, "EHLO x"}}, 0},
           {"SMTP after another command", {{1, "220 x"}, {0, "NOOP x"}, {0, "helo x"}}, kSmtp},
           {"POP3", {{1, "+OK x"}, {0, "USER x"}}, kPop3},
           {"POP3, error first", {{1, "-ERR x"}, {0, "QUIT x"}}, kPop3},
           {"POP3 by APOP", {{1, "+OK x"}, {0, "APOP x y"}}, kPop3},
           {"POP3 by CAPA", {{1, "+OK x"}, {0, "CAPA\r\n"}}, 0},
           {"POP3, no blank", {{1, "+OKAY"}, {0, "USER x"}}, 0},
           {"POP3 in small letters", {{1, "+OK x"}, {0, "user x"}}, 0},
           {"IMAP", {{1, "* OK x"}, {0, "a1 LOGIN x"}, {1, "a1 OK done"}}, kImap},
           {"IMAP without an answer", {{1, "* OK x"}, {0, "a1 LOGIN x"}}, 0},
           {"SSH", {{1, "SSH-2.0-x\r\n"}, {0, "SSH-2.0-y\r\n"}}, kSsh},
           {"SSH, client first", {{0, "SSH-2.0-y\r\n"}, {1, "SSH-2.0-x\r\n"}}, 0},
           {"YMSG", {{1, "YMSG\x01"}}, kYmsg},
           {"XMPP", {{0, "<stream"}}, kXmpp},
           {"MSN", {{0, "VER 1 MSNP8"}, {1, "VER 1 MSNP8"}}, kMsn},
           {"Facebook Zero", {{0, "1QTVxxxxxCHLO"}, {1, "1QTVx"}}, kFacebookZero},
           {"Facebook Zero, no hello", {{0, "1QTVxxxxxCHLX"}, {1, "1QTVx"}}, 0},
       }) {
    EXPECT_EQ(outcome_of(c.talk).bits, c.bits) << c.name;
  }
}

TEST(TcpStates, LimitsApplyToWhatDoesNotMatch) {
  using namespace connection;
  constexpr std::string_view kGet = "GET / HTTP/1.1", kAnswer = "HTTP/1.1 200 OK";
  struct Case {
    const char* name;
    Talk talk;
    uint32_t bits;
  };
  for (const Case& c : {
           Case{"other data of the server at 20",
                {{0, kGet}, {1, "other", 20}, {1, kAnswer}},
                kHttp},
           {"at 21", {{0, kGet}, {1, "other", 21}, {1, kAnswer}}, 0},
           {"of the client at 21", {{0, kGet}, {0, "other", 21}, {1, kAnswer}}, kHttp},
           {"four bytes at 21", {{0, kGet}, {1, "oth", 21}, {1, kAnswer}}, kHttp},
           {"an answer at 41", {{0, kGet}, {1, kAnswer, 41}}, kHttp},
           {"start until 40", {{0, "other", 40}, {0, kGet}, {1, kAnswer}}, kHttp},
           {"start, 41", {{0, "other", 41}, {0, kGet}, {1, kAnswer}}, 0},
           {"greeting, client at 21", {{1, "+OK x"}, {0, "other", 21}, {0, "USER x"}}, 0},
           {"greeting, server at 21", {{1, "+OK x"}, {1, "other", 21}, {0, "USER x"}}, kPop3},
       }) {
    EXPECT_EQ(outcome_of(c.talk).bits, c.bits) << c.name;
  }
}

TEST(TcpStates, LaterRequestsTellTheKind) {
  const Talk start = {{0, "GET / HTTP/1.1"}, {1, "HTTP/1.1 200 OK"}};
  const auto type_after = [&](Talk more) {
    Talk talk = start;
    talk.insert(talk.end(), more.begin(), more.end());
    return outcome_of(talk).http_type;
  };
  EXPECT_EQ(type_after({}), 1);
  EXPECT_EQ(type_after({{0, "GET /wiki/x HTTP/1.1"}}), 8);
  EXPECT_EQ(type_after({{0, "GET /wiki/x HTTP/1.1"}, {0, "GET /adj/x HTTP/1.1"}}), 8);
  EXPECT_EQ(type_after({{1, "other", 30}, {0, "GET /wiki/x HTTP/1.1"}}), 8);
  EXPECT_EQ(type_after({{1, "other", 31}, {0, "GET /wiki/x HTTP/1.1"}}), 1);
  constexpr std::string_view kVideo(
      "\0\0\0\x18"
      "ftypmp42",
      12);
  EXPECT_EQ(type_after({{1, kVideo}}), 6);
  EXPECT_EQ(type_after({{0, kVideo}}), 1);
}

TEST(TcpStates, ClientHelloBeginsTls) {
  constexpr std::string_view kHello("\x16\x03\x01\0\x40\x01\0", 7);
  EXPECT_EQ(outcome_of({{0, kHello}}).state, TcpState::tls_handshake);
  EXPECT_EQ(outcome_of({{1, kHello}}).state, TcpState::start);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
