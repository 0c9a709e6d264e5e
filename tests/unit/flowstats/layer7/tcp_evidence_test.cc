#include "flowstats/layer7/tcp_evidence.h"

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
};

uint32_t bits_of(const std::vector<Line>& talk) {
  TcpEvidence evidence;
  test::TcpViews views;
  uint32_t known = 0;
  for (const Line& line : talk) {
    known |= evidence.on_segment(views.segment(line.side, line.text), known);
  }
  return known;
}

TEST(TcpEvidence, BothSidesInAnyOrder) {
  using namespace connection;
  constexpr std::string_view kRecord("\x17\x03\x03\0\x02xx", 7);
  constexpr std::string_view kSettings("\0\0\0\x04\0\0\0\0\0", 9);
  struct Case {
    const char* name;
    std::vector<Line> talk;
    uint32_t bits;
  };
  for (const Case& c : {
           Case{"HTTP", {{0, "GET / HTTP/1.1"}, {1, "HTTP/1.1 200 OK"}}, kHttp},
           {"HTTP/2 by upgrade",
            {{0, "GET / HTTP/1.1\r\nUpgrade: h2c\r\n"},
             {1, "HTTP/1.1 101 x\r\nA: b\r\nupgrade:h2c\r\n\r\n"}},
            kHttp | kHttp2},
           {"upgrade, response first",
            {{1, "HTTP/1.1 101 x\r\nUpgrade: h2c\r\n\r\n"}, {0, "GET / HTTP/1.1\r\n"}},
            kHttp | kHttp2},
           {"upgrade of WebSocket",
            {{0, "GET / HTTP/1.1\r\nUpgrade: websocket, h2c\r\n"},
             {1, "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\nUpgrade: h2c\r\n"}},
            kHttp},
           {"upgrade that is declined",
            {{0, "GET / HTTP/1.1\r\nUpgrade: h2c\r\n"},
             {1, "HTTP/1.1 200 OK\r\nUpgrade: h2c\r\n\r\n"}},
            kHttp},
           {"response first", {{1, "HTTP/1.1 200 OK"}, {0, "GET / HTTP/1.1"}}, kHttp},
           {"in the middle",
            {{0, "xxxxxxx"}, {0, "GET / HTTP/1.1"}, {1, "HTTP/1.1 200 OK"}},
            kHttp},
           {"CONNECT", {{0, "CONNECT a:1 HTTP/1.1"}, {1, "HTTP/1.1 200 OK"}}, kHttp},
           {"request alone", {{0, "GET / HTTP/1.1"}, {0, "HTTP/1.1 200 OK"}}, 0},
           {"ICY", {{0, "GET / HTTP/1.1"}, {1, "ICY 200 OK"}}, kIcy},
           {"RTSP, OPTIONS first", {{0, "OPTIONS * RTSP/1.0\r\n"}, {1, "RTSP/1.0 200"}}, kRtsp},
           {"HTTP's OPTIONS", {{0, "OPTIONS * HTTP/1.1\r\n"}, {1, "HTTP/1.1 200"}}, kHttp},
           {"SMTP", {{1, "220-x\r\n220 y\r\n"}, {0, "Ehlo x\r\n"}}, kSmtp},
           {"SMTP, client first", {{0, "EHLO x\r\n"}, {1, "220 x\r\n"}}, kSmtp},
           {"SMTP in the middle", {{0, "MAIL FROM:<a@b>\r\n"}, {1, "250 Ok\r\n"}}, kSmtp},
           {"FTP", {{1, "220 x\r\n"}, {0, "USER x\r\n"}, {1, "331 y\r\n"}}, 0},
           {"POP3", {{1, "+OK x\r\n"}, {0, "user x\r\n"}}, kPop3},
           {"POP3 by CAPA", {{1, "+OK x\r\n"}, {0, "CAPA\r\n"}}, kPop3},
           {"AUTH after the greeting", {{1, "+OK x\r\n"}, {0, "AUTH x\r\n"}}, kPop3},
           {"AUTH before it", {{0, "AUTH x\r\n"}, {1, "+OK x\r\n"}}, 0},
           {"IMAP", {{1, "* ok x\r\n"}, {0, "a1 xyzzy\r\n"}}, kImap},
           {"IMAP in the middle", {{0, "a1 noop\r\n"}, {1, "a1 OK x\r\n"}}, kImap},
           {"a blank is no tag", {{0, "a1 xyzzy\r\n"}, {1, "a1 OK x\r\n"}}, 0},
           {"SSH, client first", {{0, "SSH-2.0-y\r\n"}, {1, "SSH-2.0-x\r\n"}}, kSsh},
           {"XMPP",
            {{0, "<stream:stream to='x'>"}, {1, "<?xml version='1.0'?><stream:stream>"}},
            kXmpp},
           {"TLS in the middle", {{1, kRecord}, {0, kRecord}}, kTls},
           {"TLS of one side", {{1, kRecord}, {1, kRecord}}, 0},
           {"HTTP/2", {{0, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, {1, kSettings}}, kHttp2},
       }) {
    EXPECT_EQ(bits_of(c.talk), c.bits) << c.name;
  }
}

TEST(TcpEvidence, WhatAMailQuotesIsNoEvidence) {
  EXPECT_EQ(bits_of({{1, "220 x\r\n"},
                     {0, "EHLO x\r\n"},
                     {0, "SSH-2.0-y\r\n"},
                     {1, "SSH-2.0-x\r\n"},
                     {0, "GET / HTTP/1.1"},
                     {1, "HTTP/1.1 200 OK"}}),
            connection::kSmtp);
}

TEST(TcpEvidence, TlsBeginsWhereItMay) {
  constexpr std::string_view kHello("\x16\x03\x01\0\x40\x01\0", 7);
  using namespace connection;
  test::TcpViews views;
  const TcpSegmentView hello = views.client(kHello);
  TcpEvidence evidence;
  EXPECT_TRUE(evidence.begins_tls(hello, 0));
  EXPECT_TRUE(evidence.begins_tls(hello, kSmtp));
  EXPECT_TRUE(evidence.begins_tls(hello, kMse));
  EXPECT_FALSE(evidence.begins_tls(hello, kHttp));
  EXPECT_FALSE(evidence.begins_tls(hello, kSsh));
  EXPECT_FALSE(evidence.begins_tls(views.server(kHello), 0));
  EXPECT_FALSE(evidence.begins_tls(views.client("other"), 0));
  for (size_t size = 1; size <= kHello.size(); ++size) {
    EXPECT_TRUE(evidence.begins_tls(views.client(kHello.substr(0, size)), 0)) << size;
  }
  EXPECT_FALSE(evidence.begins_tls(views.client("\x16\x01"), 0));
  EXPECT_FALSE(evidence.begins_tls(views.client(""), 0));
  EXPECT_EQ(evidence.on_segment(views.client("CONNECT a:443 HTTP/1.1\r\n"), 0), 0U);
  EXPECT_EQ(evidence.on_segment(views.server("HTTP/1.1 200 OK\r\n"), 0), kHttp);
  EXPECT_TRUE(evidence.begins_tls(hello, kHttp));
  EXPECT_FALSE(evidence.is_over(kHttp));
}

TEST(TcpEvidence, EndsWithWhatIsCertain) {
  using namespace connection;
  TcpEvidence evidence;
  test::TcpViews views;
  EXPECT_FALSE(evidence.is_over(0));
  EXPECT_FALSE(evidence.is_over(kSmtp));
  EXPECT_TRUE(evidence.is_over(kSsh));
  EXPECT_EQ(evidence.on_segment(views.client("GET / HTTP/1.1\r\n"), 0), 0U);
  EXPECT_EQ(evidence.on_segment(views.server("HTTP/1.1 404 Not Found\r\n"), 0), kHttp);
  EXPECT_FALSE(evidence.is_over(kHttp));
  EXPECT_EQ(evidence.on_segment(views.client("GET /wiki/x HTTP/1.1\r\n"), kHttp), kHttp);
  EXPECT_TRUE(evidence.is_over(kHttp));
  EXPECT_EQ(evidence.http_type(), 8);
  EXPECT_EQ(evidence.http_status().digits[2], '4');
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
