#include "flowstats/layer7/quic.h"

#include <gtest/gtest.h>

#include "tests/support/quic_packet.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::Octets;
using test::range;

const Octets kClientId = {1, 2, 3, 4}, kServerId = {9, 8, 7};

class QuicFlow : public testing::TestWithParam<Mode> {
 protected:
  bool send(size_t side, uint32_t version, bool fixed_bit = true, Octets source_id = kServerId) {
    Octets packet = test::initial_header(
        {.version = 1, .destination_id = kClientId, .source_id = std::move(source_id)}, 30);
    packet.resize(packet.size() + 30);
    const Octets number = {static_cast<uint8_t>(version >> 24), static_cast<uint8_t>(version >> 16),
                           static_cast<uint8_t>(version >> 8), static_cast<uint8_t>(version)};
    std::copy(number.begin(), number.end(), packet.begin() + 1);
    if (!fixed_bit) packet[0] &= 0xbf;
    const auto header = read_quic_long_header(range(packet), GetParam());
    return header && quic_.on_header(*header, side, packet.size(), GetParam());
  }
  /// The client names itself as the server's packets address it.
  bool open(uint32_t version) { return send(kClient, version, true, kClientId); }

  Quic quic_;
};

TEST_P(QuicFlow, IsConfirmedByBothSidesWithOneVersion) {
  EXPECT_FALSE(open(0x51303530));
  EXPECT_TRUE(quic_.is_open());
  EXPECT_TRUE(send(kServer, 0x51303530));
  EXPECT_EQ(quic_.version[kClient], 0x51303530U);
  EXPECT_EQ(quic_.version[kServer], 0x51303530U);
  EXPECT_FALSE(send(kServer, 0x51303530)) << "told once";
}

TEST_P(QuicFlow, TheClientsLatestVersionCounts) {
  EXPECT_FALSE(open(5));
  EXPECT_FALSE(open(1));
  EXPECT_FALSE(send(kServer, 5));
  EXPECT_TRUE(send(kServer, 1));
}

TEST_P(QuicFlow, AServerWithoutIdentifierIsMissedByTstat) {
  EXPECT_FALSE(open(1));
  EXPECT_EQ(send(kServer, 1, true, {}), GetParam() == Mode::corrected);
}

TEST_P(QuicFlow, AServerThatClearsTheFixedBitIsMissedByTstat) {
  EXPECT_FALSE(open(1));
  EXPECT_EQ(send(kServer, 1, false), GetParam() == Mode::corrected);
}

TEST_P(QuicFlow, TheFixedBitIsClearOnlyInKnownConnections) {
  EXPECT_FALSE(send(kClient, 1, true, {1, 2}));
  EXPECT_FALSE(send(kServer, 1, false)) << "another connection identifier";
}

TEST_P(QuicFlow, ZeroRttIsCountedFromTheOpeningSide) {
  const Octets zero_rtt = {0xd0, 0, 0, 0, 1, 1, 0xaa, 0, 2, 0, 0};
  Octets two = zero_rtt;
  test::append(two, zero_rtt);
  quic_.count_zero_rtt(range(two), kClient, GetParam());
  EXPECT_EQ(quic_.zero_rtt, 0) << "before an Initial";
  EXPECT_FALSE(open(1));
  quic_.count_zero_rtt(range(two), kClient, GetParam());
  quic_.count_zero_rtt(range(two), kServer, GetParam());
  EXPECT_EQ(quic_.zero_rtt, 2);
  EXPECT_TRUE(send(kServer, 1));
  quic_.count_zero_rtt(range(two), kClient, GetParam());
  EXPECT_EQ(quic_.zero_rtt, GetParam() == Mode::tstat ? 2 : 4);
}

TEST(QuicAuthenticated, NeedsNoAnswer) {
  Quic quic;
  EXPECT_TRUE(quic.on_authenticated(kClient, quic_version::k2));
  EXPECT_FALSE(quic.on_authenticated(kClient, quic_version::k2));
  EXPECT_EQ(quic.state, Quic::State::confirmed);
  EXPECT_EQ(quic.version[kServer], 0U);
}

/// RFC 9000 section 6: the client begins again in a version that the server has.
TEST_P(QuicFlow, BeginsAgainInTheNegotiatedVersion) {
  EXPECT_FALSE(open(0x1a2a3a4a));
  if (GetParam() == Mode::corrected) {
    EXPECT_TRUE(quic_.on_authenticated(kClient, 0x1a2a3a4a));
  }
  EXPECT_FALSE(open(1));
  EXPECT_EQ(quic_.version[kClient], 1U);
  EXPECT_EQ(send(kServer, 1), GetParam() == Mode::tstat) << "told once";
  EXPECT_EQ(quic_.version[kServer], 1U);
  EXPECT_FALSE(open(5));
  EXPECT_EQ(quic_.version[kClient], 1U);
}

INSTANTIATE_TEST_SUITE_P(Modes, QuicFlow, testing::Values(Mode::tstat, Mode::corrected));

}  // namespace
}  // namespace tapstat::flowstats::layer7
