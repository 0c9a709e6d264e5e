#include "flowstats/layer7/tls_follower.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/tcp_view.h"
#include "tests/support/tls_messages.h"

namespace tapstat::flowstats::layer7 {
namespace {

namespace extension = tests::hello_extension;
using Step = TlsFollower::Step;
using tests::join_bytes, tests::TlsBytes;

tests::ClientHelloFields usual_hello() {
  return {.extensions = {extension::server_name("www.one.example"), extension::alpn({"h2"}),
                         extension::versions({0x0304, 0x0303}), extension::padding(300)}};
}

TlsBytes server_flight(std::string_view common_name) {
  return join_bytes(
      {tests::server_hello_record({.extensions = {extension::alpn({"h2"})}}),
       tests::tls_record(
           22, tests::handshake_message(11, tests::certificate_body({tests::certificate_der(
                                                {.common_names = {std::string(common_name)}})})))});
}

/// One flow: segments one after the other, a millisecond apart, from 3 ms on.
class Flow {
 public:
  Flow(TlsBuffers& buffers, Mode mode) : buffers_(buffers), mode_(mode) {}
  ~Flow() {
    follower_.end(buffers_);
    EXPECT_EQ(buffers_.in_use(), 0U);
  }

  void begin(const TlsBytes& payload) {
    follower_.begin(view(kClient, payload), buffers_, mode_, false);
  }
  Step client(const TlsBytes& payload) { return give(kClient, payload); }
  Step server(const TlsBytes& payload) { return give(kServer, payload); }

  [[nodiscard]] std::string versions(size_t side) const {
    std::array<char, kTlsVersionTextMax> buffer;
    return std::string(follower_.versions(side, buffer));
  }
  [[nodiscard]] std::string server_name() const { return std::string(follower_.server_name()); }
  [[nodiscard]] std::string common_name() const { return std::string(follower_.common_name()); }
  struct Numbers {
    Shared shared;
    std::array<Half, 2> halves;
    fingerprint::Shared print;
  };
  [[nodiscard]] Numbers numbers() const {
    Numbers filled;
    follower_.fill(filled.shared, filled.halves, filled.print);
    return filled;
  }
  [[nodiscard]] TlsFollower& follower() { return follower_; }
  TcpSegmentView view(size_t side, const TlsBytes& payload) {
    const uint32_t offset = next_[side];
    next_[side] += static_cast<uint32_t>(payload.size());
    return tests::tcp_view({side, offset, at_ms_++}, payload);
  }

 private:
  Step give(size_t side, const TlsBytes& payload) {
    return follower_.on_segment(view(side, payload), buffers_, mode_);
  }

  TlsBuffers& buffers_;
  Mode mode_;
  TlsFollower follower_;
  std::array<uint32_t, 2> next_{};
  int64_t at_ms_ = 3;
};

class TlsFollowerTest : public ::testing::TestWithParam<Mode> {
 protected:
  TlsBuffers buffers_{8};
};

std::string mode_name(const ::testing::TestParamInfo<Mode>& info) {
  return info.param == Mode::tstat ? "tstat" : "corrected";
}
INSTANTIATE_TEST_SUITE_P(Both, TlsFollowerTest, ::testing::Values(Mode::tstat, Mode::corrected),
                         mode_name);

TEST_P(TlsFollowerTest, WholeConnection) {
  Flow flow(buffers_, GetParam());
  const TlsBytes hello = tests::client_hello_record(usual_hello());
  const TlsBytes flight = server_flight("www.cert.example");
  flow.begin(hello);
  EXPECT_EQ(flow.server(flight), Step::server_hello);
  EXPECT_EQ(flow.client(tests::tls_record(20, {1})), Step::none);
  EXPECT_EQ(flow.server(tests::tls_record(20, {1})), Step::none);
  EXPECT_EQ(flow.client(tests::application_record(30)), Step::none);
  EXPECT_EQ(flow.server(tests::application_record(40)), Step::finished);

  EXPECT_EQ(flow.server_name(), "www.one.example");
  EXPECT_EQ(flow.common_name(), "www.cert.example");
  EXPECT_EQ(flow.versions(kClient), "0304,0303");
  EXPECT_EQ(flow.versions(kServer), "0303");
  const auto [shared, halves, print] = flow.numbers();
  EXPECT_EQ(shared.tls_session, 0);
  EXPECT_EQ(halves[kClient].protocols, 128);
  EXPECT_EQ(halves[kServer].protocols, 128);
  EXPECT_EQ(halves[kClient].last_handshake, milliseconds(5));
  EXPECT_EQ(halves[kServer].last_handshake, milliseconds(6));
  EXPECT_EQ(halves[kClient].application_data, milliseconds(7));
  EXPECT_EQ(halves[kServer].application_data, milliseconds(8));
  EXPECT_EQ(halves[kClient].application_data_offset, hello.size() + 6 + 1);
  EXPECT_EQ(halves[kServer].application_data_offset, flight.size() + 6 + 1);
  EXPECT_FALSE(print.hello_seen);
}

TEST_P(TlsFollowerTest, WithoutServerHelloOnlyTheClientsOfferCounts) {
  Flow flow(buffers_, GetParam());
  flow.begin(tests::client_hello_record(usual_hello()));
  EXPECT_EQ(flow.server(tests::tls_record(21, {2, 40})), Step::none);
  EXPECT_EQ(flow.server_name(), "www.one.example");
  const auto [shared, halves, print] = flow.numbers();
  EXPECT_EQ(halves[kClient].protocols, 128);
  EXPECT_EQ(halves[kClient].last_handshake, Duration{});
  EXPECT_EQ(halves[kServer].last_handshake, Duration{});
}

TEST_P(TlsFollowerTest, ClientHelloInSeveralSegments) {
  const TlsBytes hello = tests::client_hello_record(usual_hello());
  for (const size_t cut : {7, 12, 44, 60, 100, 200}) {
    Flow flow(buffers_, GetParam());
    const auto middle = hello.begin() + static_cast<std::ptrdiff_t>(cut);
    flow.begin({hello.begin(), middle});
    EXPECT_EQ(buffers_.in_use(), cut > 9 || GetParam() == Mode::tstat ? 1U : 0U) << cut;
    EXPECT_EQ(flow.client({middle, hello.end()}), Step::none);
    EXPECT_EQ(buffers_.in_use(), 0U) << cut;
    EXPECT_EQ(flow.server_name(), "www.one.example") << cut;
    EXPECT_EQ(flow.versions(kClient), "0304,0303") << cut;
  }
}

TEST_P(TlsFollowerTest, NamesWithoutTheFormOfOneAreOnlyInTheFingerprint) {
  TlsFollower follower;
  const TlsBytes hello =
      tests::client_hello_record({.extensions = {extension::server_name("localhost")}});
  follower.begin(tests::tcp_view({}, hello), buffers_, GetParam(), true);
  EXPECT_EQ(follower.server_name(), "");
  EXPECT_EQ(follower.outer_name(), "localhost");
  EXPECT_EQ(follower.ja4().substr(0, 10), "t12d030100");
  follower.end(buffers_);
}

TEST_P(TlsFollowerTest, BeginsAnewAfterItWasGivenUp) {
  Flow flow(buffers_, GetParam());
  const TlsBytes hello = tests::client_hello_record(usual_hello());
  flow.begin({hello.begin(), hello.begin() + 150});
  flow.begin(tests::client_hello_record({.extensions = {extension::server_name("b.example")}}));
  EXPECT_EQ(flow.server_name(), "b.example");
  EXPECT_EQ(flow.versions(kClient), "0303");
}

TEST(TlsFollowerSsl2, TellsVersionOnlyInCorrectedMode) {
  TlsBytes hello = {0x80, 0, 1, 3, 1, 0, 3, 0, 0, 0, 32};
  hello.resize(hello.size() + 3 + 32, 1);
  hello[1] = static_cast<uint8_t>(hello.size() - 2);
  ASSERT_TRUE(TlsFollower::starts_client_hello({hello.data(), hello.size()}));
  TlsBuffers buffers(2);
  Flow tstat(buffers, Mode::tstat), corrected(buffers, Mode::corrected);
  for (Flow* flow : {&tstat, &corrected}) {
    flow->begin(hello);
    EXPECT_EQ(flow->server(tests::server_hello_record({})), Step::server_hello);
    flow->client(tests::application_record(5));
    EXPECT_EQ(flow->numbers().halves[kClient].application_data_offset, hello.size() + 1);
  }
  EXPECT_EQ(tstat.versions(kClient), "");
  EXPECT_EQ(tstat.numbers().shared.tls_session, tls_session::kSessionId) << "byte 43";
  EXPECT_EQ(corrected.versions(kClient), "0301");
  EXPECT_EQ(corrected.numbers().shared.tls_session, 0);
}

TEST(TlsFollowerTstat, NameOfTheServerComesBesideItsHello) {
  TlsBuffers buffers(2);
  const TlsBytes hello = tests::server_hello_record({});
  const TlsBytes flight = server_flight("www.second.example");
  const TlsBytes certificate(flight.begin() + 57, flight.end());
  Flow later(buffers, Mode::tstat), both(buffers, Mode::tstat);
  later.begin(tests::client_hello_record(usual_hello()));
  EXPECT_EQ(later.server(hello), Step::server_hello);
  later.server(certificate);
  EXPECT_EQ(later.common_name(), "");
  both.begin(tests::client_hello_record(usual_hello()));
  EXPECT_EQ(both.server(server_flight("www.first.example")), Step::server_hello);
  both.server(certificate);
  EXPECT_EQ(both.common_name(), "www.second.example");
}

TEST(TlsFollowerTstat, ServerHelloMustBeginASegment) {
  TlsBuffers buffers(2);
  const TlsBytes hello = tests::server_hello_record({});
  const TlsBytes first(hello.begin(), hello.begin() + 6), rest(hello.begin() + 6, hello.end());
  Flow tstat(buffers, Mode::tstat), corrected(buffers, Mode::corrected);
  for (Flow* flow : {&tstat, &corrected}) {
    flow->begin(tests::client_hello_record(usual_hello()));
    flow->server(first);
  }
  EXPECT_EQ(tstat.server(rest), Step::none);
  EXPECT_EQ(corrected.server(rest), Step::server_hello);
}

TEST(TlsFollowerTstat, PiecesBeyondTheRecordAreNotAppended) {
  TlsBuffers buffers(2);
  const TlsBytes hello = tests::client_hello_record(usual_hello());
  Flow flow(buffers, Mode::tstat);
  flow.begin({hello.begin(), hello.begin() + 46});
  flow.client(TlsBytes(hello.size(), 0));
  EXPECT_EQ(flow.server_name(), "");
  flow.client({hello.begin() + 46, hello.end()});
  EXPECT_EQ(flow.server_name(), "www.one.example");
}

TEST(TlsFollowerTstat, WithoutABufferTheFirstPieceCounts) {
  TlsBuffers buffers(1);
  uint32_t taken = buffers.take();
  const TlsBytes hello = tests::client_hello_record(usual_hello());
  {
    TlsFollower follower;
    const TlsBytes first(hello.begin(), hello.begin() + 100);
    follower.begin(tests::tcp_view({}, first), buffers, Mode::tstat, false);
    EXPECT_EQ(follower.server_name(), "www.one.example");
  }
  EXPECT_EQ(buffers.take_exhausted(), 1U);
  buffers.release(taken);
}

TEST(TlsFollowerCorrected, SegmentsBeforeTheHelloWait) {
  TlsBuffers buffers(2);
  const TlsBytes hello = tests::client_hello_record(usual_hello());
  const TlsBytes first(hello.begin(), hello.begin() + 50), rest(hello.begin() + 50, hello.end());
  TlsFollower follower;
  follower.hold(tests::tcp_view({kClient, 50, 1}, rest), buffers);
  follower.begin(tests::tcp_view({kClient, 0, 2}, first), buffers, Mode::corrected, false);
  EXPECT_EQ(follower.server_name(), "www.one.example");
  follower.end(buffers);
  EXPECT_EQ(buffers.in_use(), 0U);
}

TEST(TlsFollowerCorrected, BeginsInTheMiddleOfAConversation) {
  // As after STARTTLS: the server's part begins where the caller says, or at its next segment.
  TlsBuffers buffers(2);
  const TlsBytes hello = tests::client_hello_record(usual_hello());
  const TlsBytes flight = server_flight("mail.example.org");
  const TlsBytes first(flight.begin(), flight.begin() + 100),
      rest(flight.begin() + 100, flight.end());
  TlsFollower told, untold;
  told.begin(tests::tcp_view({kClient, 30, 1}, hello), buffers, Mode::corrected, false, 200);
  told.on_segment(tests::tcp_view({kServer, 300, 2}, rest), buffers, Mode::corrected);
  told.on_segment(tests::tcp_view({kServer, 200, 3}, first), buffers, Mode::corrected);
  EXPECT_EQ(told.common_name(), "mail.example.org");
  untold.begin(tests::tcp_view({kClient, 30, 1}, hello), buffers, Mode::corrected, false);
  untold.on_segment(tests::tcp_view({kServer, 200, 2}, first), buffers, Mode::corrected);
  untold.on_segment(tests::tcp_view({kServer, 300, 3}, rest), buffers, Mode::corrected);
  EXPECT_EQ(untold.common_name(), "mail.example.org");
  told.end(buffers);
  untold.end(buffers);
}

TEST(TlsFollowerCorrected, EarlyDataIsApplicationData) {
  TlsBuffers buffers(2);
  Flow flow(buffers, Mode::corrected);
  const TlsBytes hello = tests::client_hello_record(usual_hello());
  flow.begin(join_bytes({hello, tests::application_record(9)}));
  EXPECT_EQ(flow.server(tests::server_hello_record({})), Step::server_hello);
  const auto numbers = flow.numbers();
  EXPECT_EQ(numbers.halves[kClient].application_data_offset, hello.size() + 1);
  EXPECT_EQ(numbers.halves[kClient].last_handshake, milliseconds(3)) << "the same segment";
}

TEST(TlsFollowerCorrected, GuessAboutApplicationDataIsTakenBack) {
  TlsBuffers buffers(2);
  Flow flow(buffers, Mode::corrected);
  flow.begin(tests::client_hello_record(usual_hello()));
  const TlsBytes alert =
      tests::tls_record(21, join_bytes({TlsBytes(10, 0), tests::application_record(9)}));
  const TlsBytes first(alert.begin(), alert.begin() + 15), rest(alert.begin() + 15, alert.end());
  TlsFollower& follower = flow.follower();
  follower.on_segment(tests::tcp_view({kServer, 15, 9}, rest), buffers, Mode::corrected);
  follower.on_segment(tests::tcp_view({kServer, 0, 10}, first), buffers, Mode::corrected);
  const TlsBytes hello = tests::server_hello_record({});
  const auto behind = static_cast<uint32_t>(alert.size());
  EXPECT_EQ(
      follower.on_segment(tests::tcp_view({kServer, behind, 11}, hello), buffers, Mode::corrected),
      Step::server_hello);
  EXPECT_EQ(flow.numbers().halves[kServer].application_data_offset, 0U);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
