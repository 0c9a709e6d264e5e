#include "flowstats/layer7/quic_handshake.h"

#include <gtest/gtest.h>

#include "tests/support/quic_packet.h"
#include "tests/support/udp_conversation.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::Octets;

Octets piece(const Octets& message, size_t first, size_t size) {
  const auto begin = message.begin() + static_cast<std::ptrdiff_t>(first);
  return test::crypto_frame(static_cast<uint32_t>(first),
                            {begin, begin + static_cast<std::ptrdiff_t>(size)});
}

class Handshakes : public testing::TestWithParam<Mode> {
 protected:
  bool send(const Octets& packet, size_t captured = SIZE_MAX) {
    const size_t bytes = packet.size();
    Octets cut(packet.begin(),
               packet.begin() + static_cast<std::ptrdiff_t>(std::min(captured, bytes)));
    return handshakes_.on_datagram(progress_, conversation_.datagram(kClient, cut, bytes),
                                   version_);
  }
  [[nodiscard]] std::string name() const {
    const QuicHello* const hello = handshakes_.hello(progress_);
    return hello == nullptr ? "-" : std::string{hello->server_name.view()};
  }
  [[nodiscard]] bool corrected() const { return GetParam() == Mode::corrected; }

  Octets message_ = test::client_hello(test::server_name_extension("name.example.org"));
  test::UdpConversation conversation_{40001, 443};
  QuicHandshakes handshakes_{GetParam(), true, 2, 1};
  QuicProgress progress_;
  uint32_t version_ = 0;
};

TEST_P(Handshakes, OneInitialIsEnoughForASmallHello) {
  EXPECT_TRUE(send(test::client_initial({}, test::crypto_frame(0, message_))));
  EXPECT_EQ(version_, quic_version::k1);
  EXPECT_EQ(name(), "name.example.org");
  EXPECT_TRUE(progress_.is_over);
  EXPECT_EQ(handshakes_.streams_in_use(), 0U);
  handshakes_.end(progress_);
  EXPECT_EQ(handshakes_.flows_in_use(), 0U);
}

TEST_P(Handshakes, FramesOfTwoDatagramsInAnyOrderMakeOneHello) {
  Octets first = piece(message_, 60, message_.size() - 60);
  test::append(first, Octets{0, 0, 1, 0});  // padding and a PING between
  test::append(first, piece(message_, 20, 10));
  Octets second = piece(message_, 30, 30);
  test::append(second, piece(message_, 0, 20));
  EXPECT_TRUE(send(test::client_initial({}, first)));
  EXPECT_EQ(handshakes_.streams_in_use(), 1U);
  EXPECT_TRUE(send(test::client_initial({}, second)));
  EXPECT_EQ(name(), "name.example.org");
  EXPECT_EQ(handshakes_.streams_in_use(), 0U);
}

TEST_P(Handshakes, KeysComeFromTheFirstDestinationInCorrectedMode) {
  const size_t half = message_.size() / 2;
  EXPECT_TRUE(send(test::client_initial({}, piece(message_, 0, half))));
  const test::InitialOptions later = {.destination_id = {7, 7, 7, 7},
                                      .key_id = {0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08}};
  EXPECT_EQ(send(test::client_initial(later, piece(message_, half, message_.size() - half))),
            corrected());
  EXPECT_EQ(name(), corrected() ? "name.example.org" : "");
}

TEST_P(Handshakes, ARetryBeginsAgainWithItsOwnDestination) {
  EXPECT_TRUE(send(test::client_initial({}, piece(message_, 0, 30))));
  EXPECT_TRUE(send(test::client_initial({.destination_id = {7, 7, 7, 7}, .token = {1, 2, 3}},
                                        test::crypto_frame(0, message_))));
  EXPECT_EQ(name(), "name.example.org");
}

TEST_P(Handshakes, OtherVersionsAreForCorrectedMode) {
  for (const uint32_t version : {quic_version::k2, 0xff00001dU, 0xfaceb002U}) {
    progress_ = {};
    const auto packet = test::client_initial({.version = version}, test::crypto_frame(0, message_));
    EXPECT_EQ(send(packet), corrected());
    EXPECT_EQ(name(), corrected() ? "name.example.org" : "-");
    handshakes_.end(progress_);
  }
}

TEST_P(Handshakes, AGreasedVersionMayUseAnySalt) {
  const test::InitialOptions options = {.version = 0x1a2a3a4a, .salt = 2};
  EXPECT_EQ(send(test::client_initial(options, test::crypto_frame(0, message_))), corrected());
}

TEST_P(Handshakes, ACutPacketIsReadByTstatOnly) {
  EXPECT_EQ(send(test::client_initial({}, test::crypto_frame(0, message_)), 200), !corrected());
  EXPECT_EQ(name(), corrected() ? "-" : "name.example.org");
}

TEST_P(Handshakes, AChangedPacketIsNothing) {
  Octets packet = test::client_initial({}, test::crypto_frame(0, message_));
  packet.back() ^= 1;
  EXPECT_FALSE(send(packet));
  EXPECT_EQ(handshakes_.flows_in_use(), 0U);
}

TEST_P(Handshakes, AnAcknowledgementInFrontEndsTstatsReading) {
  Octets frames = {2, 5, 0, 1, 0, 1, 1};  // two ranges
  test::append(frames, test::crypto_frame(0, message_));
  EXPECT_TRUE(send(test::client_initial({}, frames)));
  EXPECT_EQ(name(), corrected() ? "name.example.org" : "");
}

TEST_P(Handshakes, TheSecondPacketOfADatagramIsForCorrectedMode) {
  Octets datagram = test::client_initial({}, {}, 40);
  test::append(datagram, test::client_initial({}, test::crypto_frame(0, message_)));
  EXPECT_TRUE(send(datagram));
  EXPECT_EQ(name(), corrected() ? "name.example.org" : "");
}

TEST_P(Handshakes, EndAfterTenDatagrams) {
  for (uint32_t i = 0; i < 10; ++i) EXPECT_TRUE(send(test::client_initial({}, {}, 40)));
  EXPECT_FALSE(send(test::client_initial({}, test::crypto_frame(0, message_))));
  EXPECT_TRUE(progress_.is_over);
}

TEST_P(Handshakes, FourForgedInitialsAreEnoughInCorrectedMode) {
  Octets forged = test::client_initial({}, test::crypto_frame(0, message_));
  forged.back() ^= 1;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(send(forged));
  EXPECT_EQ(progress_.is_over, corrected());
}

TEST_P(Handshakes, ExhaustedPoolsAreCounted) {
  const auto partial = test::client_initial({}, piece(message_, 0, 30));
  std::array<QuicProgress, 3> flows;
  uint32_t version = 0;
  for (QuicProgress& flow : flows)
    EXPECT_TRUE(handshakes_.on_datagram(flow, conversation_.datagram(kClient, partial), version));
  EXPECT_EQ(handshakes_.streams_refused(), 1U);
  EXPECT_EQ(handshakes_.flows_refused(), 1U);
  EXPECT_TRUE(flows[1].is_over);
  EXPECT_TRUE(flows[2].is_over);
  for (QuicProgress& flow : flows) handshakes_.end(flow);
  EXPECT_EQ(handshakes_.flows_in_use(), 0U);
  EXPECT_EQ(handshakes_.streams_in_use(), 0U);
}

TEST_P(Handshakes, AFloodOfForgedInitialsHasABudget) {
  Octets forged = test::client_initial({}, {}, 40);
  forged.back() ^= 1;
  auto view = conversation_.datagram(kClient, forged);
  uint32_t version = 0;
  for (uint32_t i = 0; i < QuicHandshakes::kDerivationsPerSecond + 7; ++i) {
    QuicProgress flow;
    EXPECT_FALSE(handshakes_.on_datagram(flow, view, version));
  }
  EXPECT_EQ(handshakes_.derivations_refused(), 7U);
  const Octets good = test::client_initial({}, test::crypto_frame(0, message_));
  view.payload = test::range(good);
  EXPECT_FALSE(handshakes_.on_datagram(progress_, view, version)) << "spent";
  view.time = view.time + seconds(1);
  EXPECT_TRUE(handshakes_.on_datagram(progress_, view, version));
}

INSTANTIATE_TEST_SUITE_P(Modes, Handshakes, testing::Values(Mode::tstat, Mode::corrected));

}  // namespace
}  // namespace tapstat::flowstats::layer7
