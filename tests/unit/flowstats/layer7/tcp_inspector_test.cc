#include "flowstats/layer7/tcp_inspector.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "flowstats/layer7/kind.h"
#include "flowstats/layer7/tcp_words.h"
#include "tests/support/tcp_views.h"

namespace tapstat::flowstats::layer7 {
namespace {

Measurement small(Mode mode) {
  Measurement measurement;
  measurement.mode = mode;
  measurement.inspection.tcp_flows_max = 2;
  measurement.inspection.hello_buffers_max = 2;
  return measurement;
}

/// One flow and its talk.
class Inspected {
 public:
  explicit Inspected(Mode mode) : inspector_(small(mode)), flow_(inspector_.begin()) {}

  Inspected& client(std::string_view text, uint8_t flags = test::TcpViews::kPushed) {
    return add(kClient, text, flags);
  }
  Inspected& server(std::string_view text, uint8_t flags = test::TcpViews::kPushed) {
    return add(kServer, text, flags);
  }
  Inspected& pass_until(uint32_t packets) {
    views_.pass_until(packets);
    return *this;
  }
  [[nodiscard]] const TcpFindings& findings() {
    findings_ = std::make_unique<TcpFindings>();
    inspector_.fill(flow_, *findings_);
    return *findings_;
  }
  [[nodiscard]] uint32_t connection_type() { return findings().shared.connection_type; }
  [[nodiscard]] bool finished() const { return inspector_.finished(flow_); }
  [[nodiscard]] TcpEffect effect() const { return effect_; }

 private:
  Inspected& add(size_t side, std::string_view text, uint8_t flags) {
    effect_ = inspector_.on_segment(flow_, views_.segment(side, text, flags));
    return *this;
  }

  TcpInspector inspector_;
  uint32_t flow_;
  test::TcpViews views_;
  TcpEffect effect_;
  std::unique_ptr<TcpFindings> findings_;
};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\n\r\n", kOk = "HTTP/1.1 200 OK\r\n\r\n";

/// A whole hello with no extension; the server's.
std::string hello(uint8_t type) {
  std::string body = "\x03\x03" + std::string(32, 'r');
  body += type == 1 ? std::string("\0\0\x02\x13\x01\x01\0", 7) : std::string("\0\x13\x01\0", 4);
  const auto length = static_cast<char>(body.size());
  return std::string("\x16\x03\x01\0", 4) + static_cast<char>(body.size() + 4) +
         static_cast<char>(type) + std::string(2, '\0') + length + body;
}

const std::string kRecord(
    "\x17\x03\x03\0\x04"
    "data",
    9);

std::string disordered_bytes(size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(0x80 + i * 157 + (i >> 4) * 31);
  return bytes;
}

TEST(TcpInspector, HttpIsCountedForTheWholeFlow) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected flow(mode);
    flow.client(kGet);
    EXPECT_EQ(flow.effect().http, HttpPart::request);
    flow.server(kOk);
    EXPECT_EQ(flow.effect().http, HttpPart::response);
    flow.pass_until(100).client(kGet).server(kOk).client(kGet);
    const TcpFindings& findings = flow.findings();
    EXPECT_EQ(findings.shared.connection_type, connection::kHttp);
    EXPECT_EQ(findings.shared.http_type, 1U);
    EXPECT_EQ(findings.shared.http_requests, 3U);
    EXPECT_EQ(findings.shared.http_responses, 2U);
    EXPECT_EQ(std::string_view(findings.shared.http_status.data(), 3), "200");
    EXPECT_FALSE(flow.finished());
  }
}

TEST(TcpInspector, WithoutAnAnswerNothingOfHttpIsPrinted) {
  Inspected flow(Mode::tstat);
  flow.client("GET /wiki/x HTTP/1.1\r\n\r\n").server("other");
  EXPECT_EQ(flow.findings().shared.http_type, 0U);
  EXPECT_EQ(flow.findings().shared.http_status_size, 0);
  EXPECT_EQ(flow.findings().shared.http_requests, 1U);
}

TEST(TcpInspector, FirstPayloadBehindThePacketLimitIsTheLast) {
  EXPECT_EQ(Inspected(Mode::tstat).client(kGet).pass_until(59).server(kOk).connection_type(),
            connection::kHttp);
  Inspected late(Mode::tstat);
  EXPECT_EQ(late.pass_until(50).client(kGet).server(kOk).connection_type(), 0U);
}

TEST(TcpInspector, TrackerIsHttpAndPeerToPeer) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected flow(mode);
    flow.client("GET /announce?info_hash=xyz HTTP/1.1\r\n\r\n").server(kOk);
    EXPECT_EQ(flow.connection_type(), connection::kHttp | connection::kP2p);
    EXPECT_EQ(flow.findings().p2p.type, kP2pBitTorrent);
    EXPECT_EQ(flow.findings().p2p.subtype, 2U);
  }
}

TEST(TcpInspector, WordsOfPeerToPeerEndWithPacket51) {
  constexpr std::string_view kHandshake =
      "\x13"
      "BitTorrent protocolxxxxxxxx";
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    EXPECT_EQ(Inspected(mode).pass_until(50).client(kHandshake).connection_type(),
              connection::kP2p);
    EXPECT_EQ(Inspected(mode).pass_until(51).client(kHandshake).connection_type(), 0U);
  }
}

TEST(TcpInspector, Ed2kIsCountedForTheWholeFlow) {
  const std::string message = std::string("\xe3\x14\0\0\0\x46", 6) + std::string(19, 'x');
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected flow(mode);
    flow.client(message).server(message).pass_until(300).client(message).client(message);
    EXPECT_EQ(flow.findings().p2p.ed2k_data, 4U);
    EXPECT_EQ(flow.connection_type(), connection::kP2p);
    EXPECT_FALSE(flow.finished());
  }
}

TEST(TcpInspector, GuessesStandBesideTheClassInTstatModeOnly) {
  const std::string eleven(11, '\xf0'), fifty_five(55, '\xf0');
  Inspected tstat(Mode::tstat), corrected(Mode::corrected);
  for (Inspected* flow : {&tstat, &corrected}) {
    flow->client(kGet).server(kOk).client(eleven).server(fifty_five);
  }
  EXPECT_EQ(tstat.connection_type(), connection::kHttp | connection::kObfuscatedEd2k);
  EXPECT_EQ(corrected.connection_type(), connection::kHttp);
  Inspected replaced(Mode::tstat);
  replaced.client(eleven).server(fifty_five);
  EXPECT_EQ(replaced.connection_type(), connection::kObfuscatedEd2k);
  EXPECT_EQ(replaced.client(kGet).server(kOk).connection_type(), connection::kHttp);
}

TEST(TcpInspector, ObfuscatedED2kIsNotTakenForMse) {
  const std::string six(6, '\xf0'), forty_six(46, '\xf0');
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected flow(mode);
    flow.client(disordered_bytes(300)).server(disordered_bytes(300));
    EXPECT_EQ(flow.connection_type(), connection::kMse);
    flow.server(six).client(forty_six);
    const uint32_t beside = mode == Mode::tstat ? connection::kMse : 0U;
    EXPECT_EQ(flow.connection_type(), connection::kObfuscatedEd2k | beside);
  }
}

TEST(TcpInspector, EncryptedHandshakeOfBitTorrent) {
  const std::string bytes = disordered_bytes(300);
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected flow(mode);
    flow.client(bytes);
    EXPECT_EQ(flow.connection_type(), 0U);
    EXPECT_EQ(flow.server(bytes).connection_type(), connection::kMse);
    Inspected late(mode);
    late.pass_until(80).client(bytes).client(bytes).server(bytes);
    EXPECT_EQ(late.connection_type(), connection::kMse);
    Inspected with_fin(mode);
    with_fin.client(bytes).server(bytes, tcp_flag::kAck);
    EXPECT_EQ(with_fin.connection_type(), 0U);
    with_fin.server("", tcp_flag::kAck | tcp_flag::kFin);
    EXPECT_EQ(with_fin.connection_type(), connection::kMse);
  }
}

TEST(TcpInspector, RtmpIsWithdrawnByTheSizes) {
  const std::string hello_bytes(1537, '\x03'), other(20, '\x03');
  Inspected flow(Mode::tstat);
  flow.client(other).server(other);
  EXPECT_EQ(flow.connection_type(), connection::kRtmp);
  flow.client(other).server(other);
  EXPECT_EQ(flow.connection_type(), 0U);
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected real(mode);
    real.client(hello_bytes).server(hello_bytes).client(other).server(other);
    EXPECT_EQ(real.connection_type(), connection::kRtmp);
  }
}

TEST(TcpInspector, TlsIsFinishedWithTheDataOfBothSides) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected flow(mode);
    flow.client(hello(1)).server(hello(2));
    EXPECT_EQ(flow.connection_type(), connection::kTls);
    flow.client(kRecord);
    EXPECT_FALSE(flow.finished());
    flow.server(kRecord);
    EXPECT_EQ(flow.finished(), mode == Mode::corrected);
    flow.pass_until(51).client(kRecord);
    EXPECT_TRUE(flow.finished());
    EXPECT_EQ(flow.connection_type(), connection::kTls);
  }
}

TEST(TcpInspector, OtherProtocolsAreFinishedInCorrectedModeWhenTheyAreCertain) {
  const std::string handshake =
      "\x13"
      "BitTorrent protocolxxxxxxxx";
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected peers(mode), shell(mode), mail(mode);
    peers.client(handshake);
    EXPECT_EQ(peers.finished(), mode == Mode::corrected);
    shell.server("SSH-2.0-x\r\n").client("SSH-2.0-y\r\n");
    EXPECT_EQ(shell.finished(), mode == Mode::corrected);
    EXPECT_TRUE(shell.pass_until(51).client("other").finished());
    mail.server("220 x\r\n").client("EHLO x\r\n");
    EXPECT_FALSE(mail.finished());
    EXPECT_EQ(mail.pass_until(51).client("other").finished(), mode == Mode::corrected);
  }
}

TEST(TcpInspector, HandshakeWithoutAnAnswerIsGivenUp) {
  Inspected flow(Mode::tstat);
  flow.client(hello(1)).pass_until(10).client(kGet).client(kGet).server(kOk);
  EXPECT_EQ(flow.connection_type(), connection::kHttp);
  Inspected late(Mode::tstat);
  late.client(hello(1)).pass_until(24).server(hello(2));
  EXPECT_EQ(late.connection_type(), connection::kTls);
}

TEST(TcpInspector, TlsInsideOfOtherProtocols) {
  using namespace connection;
  Inspected mail(Mode::corrected);
  mail.server("220 x\r\n").client("EHLO x\r\n").server("250 STARTTLS\r\n").client("STARTTLS\r\n");
  mail.server("220 go\r\n").client(hello(1)).server(hello(2)).client(kRecord).server(kRecord);
  EXPECT_EQ(mail.connection_type(), kSmtp | kTls);
  EXPECT_TRUE(mail.finished());
  Inspected tunnel(Mode::corrected);
  tunnel.client("CONNECT a.example:443 HTTP/1.1\r\n\r\n").server(kOk);
  tunnel.client(hello(1)).server(hello(2));
  EXPECT_EQ(tunnel.connection_type(), kHttp | kTls);
  Inspected plain(Mode::tstat);
  plain.server("220 x\r\n").client("EHLO x\r\n").client(hello(1)).server(hello(2));
  EXPECT_EQ(plain.connection_type(), kSmtp);
}

TEST(TcpInspector, Http2WithoutTlsIsToldBesideTheClass) {
  Inspected flow(Mode::corrected);
  flow.client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
      .server(std::string_view("\0\0\0\x04\0\0\0\0\0", 9));
  EXPECT_EQ(flow.connection_type(), 0U);
  EXPECT_EQ(flow.findings().fingerprint.extended_type, fingerprint::kHttp2ClearText);
}

TEST(TcpInspector, PlacesAreBoundedAndUsedAgain) {
  TcpInspector inspector(small(Mode::corrected));
  const uint32_t first = inspector.begin();
  const uint32_t second = inspector.begin();
  ASSERT_NE(first, kNoEntry);
  ASSERT_NE(second, kNoEntry);
  EXPECT_EQ(inspector.begin(), kNoEntry);
  for (int round = 0; round < 5; ++round) {
    test::TcpViews views;
    const std::string client = hello(1), server = hello(2);
    inspector.on_segment(second, views.client(client));
    inspector.on_segment(second, views.server(server));
    TcpFindings findings;
    inspector.fill(second, findings);
    EXPECT_EQ(findings.shared.connection_type, connection::kTls);
    inspector.end(second);
    ASSERT_EQ(inspector.begin(), second);
    TcpFindings fresh;
    inspector.fill(second, fresh);
    EXPECT_EQ(fresh.shared.connection_type, 0U);
  }
  EXPECT_EQ(inspector.in_use(), 2U);
}

/// Two inspectors, one of which is not shown what attention() does not ask for.
class Spared {
 public:
  explicit Spared(Mode mode)
      : all_(small(mode)), asked_(small(mode)), flow_(all_.begin()), asked_flow_(asked_.begin()) {}

  void add(size_t side, std::string_view text, uint8_t flags = test::TcpViews::kPushed) {
    const TcpSegmentView view = views_.segment(side, text, flags);
    all_.on_segment(flow_, view);
    const Attention attention = asked_.attention(asked_flow_, side);
    const bool is_shown = attention == Attention::all ||
                          (attention == Attention::words && may_begin_word(view.payload));
    spared_ += is_shown ? 0 : 1;
    if (!is_shown) return;
    const bool is_passed_over = asked_.passes_over(asked_flow_, view);
    passed_over_ += is_passed_over ? 1 : 0;
    if (!is_passed_over) asked_.on_segment(asked_flow_, view);
  }
  [[nodiscard]] int spared() const { return spared_; }
  [[nodiscard]] int passed_over() const { return passed_over_; }
  void expect_same() {
    TcpFindings all, asked;
    all_.fill(flow_, all);
    asked_.fill(asked_flow_, asked);
    EXPECT_EQ(all.shared.connection_type, asked.shared.connection_type);
    EXPECT_EQ(all.shared.http_requests, asked.shared.http_requests);
    EXPECT_EQ(all.shared.http_responses, asked.shared.http_responses);
    EXPECT_EQ(all.shared.http_type, asked.shared.http_type);
    EXPECT_EQ(all.http_host, asked.http_host);
    EXPECT_EQ(all.p2p.type, asked.p2p.type);
    EXPECT_EQ(all.p2p.ed2k_data, asked.p2p.ed2k_data);
  }

 private:
  TcpInspector all_, asked_;
  uint32_t flow_, asked_flow_;
  test::TcpViews views_;
  int spared_ = 0, passed_over_ = 0;
};

TEST(TcpInspector, WhatItDoesNotAskForChangesNothing) {
  const std::string data = disordered_bytes(900),
                    ed2k = std::string("\xe3\x14\0\0\0\x46", 6) + "xxxx";
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    for (const std::string_view opening :
         {std::string_view(kGet), std::string_view(data), std::string_view(ed2k)}) {
      Spared flow(mode);
      for (int round = 0; round < 6; ++round) {
        flow.add(kClient, opening);
        flow.add(kServer, round == 0 && opening == kGet ? kOk : std::string_view(data));
        for (int i = 0; i < 12; ++i)
          flow.add(kServer, std::string_view(data).substr(static_cast<size_t>(i) * 7), 0x10);
        flow.add(kServer, ed2k);
        flow.add(kServer, kOk);
      }
      EXPECT_GT(flow.spared(), 10);
      EXPECT_GT(flow.passed_over(), opening == ed2k ? -1 : 5);
      flow.expect_same();
    }
  }
}

TEST(TcpInspector, AMessageThatIsSentAgainCountsOnceInCorrectedMode) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    TcpInspector inspector{small(mode)};
    const uint32_t flow = inspector.begin();
    test::TcpViews views;
    const auto request = views.client(kGet);
    const auto response = views.server(kOk);
    for (const auto& view : {request, request, response, response})
      static_cast<void>(inspector.on_segment(flow, view));
    static_cast<void>(inspector.on_segment(flow, views.client(kGet)));  // the next request
    TcpFindings findings;
    inspector.fill(flow, findings);
    EXPECT_EQ(findings.shared.http_requests, mode == Mode::tstat ? 3U : 2U);
    EXPECT_EQ(findings.shared.http_responses, mode == Mode::tstat ? 2U : 1U);
    EXPECT_EQ(findings.shared.connection_type, connection::kHttp);
  }
}

TEST(TcpInspector, BehindAResponse101NothingIsHttpInCorrectedMode) {
  for (const std::string protocol : {"h2c", "websocket"}) {
    const std::string request = "GET / HTTP/1.1\r\nUpgrade: " + protocol + "\r\n\r\n";
    const std::string response = "HTTP/1.1 101 S\r\nUpgrade: " + protocol + "\r\n\r\n";
    for (const Mode mode : {Mode::tstat, Mode::corrected}) {
      Inspected flow(mode);
      flow.client(request).server(response).client(kGet).server(kOk);
      const TcpFindings& findings = flow.findings();
      const bool ends = mode == Mode::corrected;
      EXPECT_EQ(findings.shared.connection_type, connection::kHttp);
      EXPECT_EQ(findings.fingerprint.extended_type,
                ends && protocol == "h2c" ? fingerprint::kHttp2ClearText : 0U);
      EXPECT_EQ(findings.shared.http_requests, ends ? 1U : 2U);
      EXPECT_EQ(findings.shared.http_responses, ends ? 1U : 2U);
      EXPECT_EQ(std::string_view(findings.shared.http_status.data(), 3), "101");
      EXPECT_EQ(flow.finished(), ends);
    }
  }
}

/// Segments of one client, told in any order.
class Pieces {
 public:
  explicit Pieces(const std::vector<std::string_view>& texts) {
    for (const std::string_view text : texts) views_.push_back(maker_.client(text));
  }
  [[nodiscard]] TcpSegmentView& operator[](size_t i) { return views_[i]; }
  /// Findings after the segments in this order.
  [[nodiscard]] std::string host_after(Mode mode, const std::vector<size_t>& order) {
    TcpInspector inspector{small(mode)};
    const uint32_t flow = inspector.begin();
    uint32_t packets = 3;
    for (const size_t i : order) {
      views_[i].packets = ++packets;
      static_cast<void>(inspector.on_segment(flow, views_[i]));
    }
    TcpFindings findings;
    inspector.fill(flow, findings);
    requests_ = findings.shared.http_requests;
    EXPECT_EQ(inspector.take_buffers_exhausted(), 0U);
    return std::string(findings.http_host);
  }
  [[nodiscard]] uint32_t requests() const { return requests_; }

 private:
  test::TcpViews maker_;
  std::vector<TcpSegmentView> views_;
  uint32_t requests_ = 0;
};

TEST(TcpInspector, HostOfARequestInSeveralSegments) {
  const std::vector<std::string_view> head = {"GET / HTTP/1.1\r\nA: b\r\nHo", "st: a.exa",
                                              "mple\r\nC: d\r\n\r\n"};
  Pieces pieces(head);
  for (const std::vector<size_t>& order :
       {std::vector<size_t>{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {2, 1, 0}, {0, 0, 1, 1, 2, 0}}) {
    EXPECT_EQ(pieces.host_after(Mode::corrected, order), "a.example");
    EXPECT_EQ(pieces.requests(), 1U);
    EXPECT_EQ(pieces.host_after(Mode::tstat, order), "");
  }
  EXPECT_EQ(pieces.host_after(Mode::corrected, {0, 1}), "");
  EXPECT_EQ(pieces.host_after(Mode::corrected, {0, 2}), "");
}

TEST(TcpInspector, HostWhoseStartIsSentAgainWithMore) {
  Pieces pieces({"GET / HTTP/1.1\r\nHos", "t: a.example\r\n\r\n"});
  const std::string both = "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n";
  pieces[1].offset = 0;
  pieces[1].payload = test::bytes_of(both);
  pieces[1].length = static_cast<int32_t>(both.size());
  EXPECT_EQ(pieces.host_after(Mode::corrected, {0, 1}), "a.example");
  EXPECT_EQ(pieces.requests(), 1U);
}

TEST(TcpInspector, HostOfTheNextRequestWhenOneIsNotComplete) {
  Pieces pieces({"GET / HTTP/1.1\r\nHost: a.exa", "mple\r\n\r\n", "GET / HTTP/1.1\r\nHost: b.exa",
                 "mple\r\n\r\n"});
  EXPECT_EQ(pieces.host_after(Mode::corrected, {0, 2, 3}), "b.example");
  EXPECT_EQ(pieces.requests(), 2U);
  EXPECT_EQ(pieces.host_after(Mode::corrected, {0, 1, 2, 3}), "a.example");
  pieces[0].payload = pieces[0].payload.first(20);  // as a capture cuts it
  EXPECT_EQ(pieces.host_after(Mode::corrected, {0, 1, 2, 3}), "b.example");
}

TEST(TcpInspector, ARequestWithoutEndIsFollowedForABoundedPart) {
  const std::string more(1000, 'x');
  TcpInspector inspector{small(Mode::corrected)};
  const uint32_t flow = inspector.begin();
  test::TcpViews views;
  static_cast<void>(inspector.on_segment(flow, views.client("GET / HTTP/1.1\r\nA: ")));
  static_cast<void>(inspector.on_segment(flow, views.server(kOk)));
  views.pass_until(300);
  for (int i = 0; i < 16; ++i) {
    static_cast<void>(inspector.on_segment(flow, views.client(more)));
    EXPECT_EQ(inspector.attention(flow, kClient), Attention::all);
    EXPECT_EQ(inspector.attention(flow, kServer), Attention::words);
  }
  static_cast<void>(inspector.on_segment(flow, views.client(more)));
  EXPECT_EQ(inspector.attention(flow, kClient), Attention::words);
}

TEST(TcpInspector, EveryMessageOfEd2kCountsInCorrectedMode) {
  const std::string message = std::string("\xe3\x14\0\0\0\x46", 6) + std::string(19, 'x');
  const std::string three = message + message + message;
  const std::string_view first = std::string_view(three).substr(0, 60);
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    Inspected flow(mode);
    flow.client(first).client(std::string_view(three).substr(60));
    flow.pass_until(300).client(three).server("no message");
    EXPECT_EQ(flow.findings().p2p.ed2k_data, mode == Mode::tstat ? 2U : 6U);
  }
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
