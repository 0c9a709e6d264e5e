#include "flowstats/layer7/quic_initial.h"

#include <gtest/gtest.h>

#include "tests/support/quic_packet.h"
#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::hex;
using test::Octets;
using test::range;

QuicInitialKeys keys_of(uint32_t version) {
  const Octets id = test::unhex("8394c8f03e515708");
  return client_initial_keys(quic_salts(version)[0], range(id));
}

// RFC 9001 section A.1, RFC 9369 section A.1.
TEST(QuicKeys, AreThoseOfTheStandards) {
  const QuicInitialKeys v1 = keys_of(quic_version::k1);
  EXPECT_EQ(hex(v1.key), "1f369613dd76d5467730efcbe3b1a22d");
  EXPECT_EQ(hex(v1.iv), "fa044b2f42a3fd3b46fb255c");
  EXPECT_EQ(hex(v1.header_key), "9f50449e04a0e810283a1e9933adedd2");
  const QuicInitialKeys v2 = keys_of(quic_version::k2);
  EXPECT_EQ(hex(v2.key), "8b1a0bc121284290a29e0971b5cd045d");
  EXPECT_EQ(hex(v2.iv), "91f73e2351d8fa91660e909f");
  EXPECT_EQ(hex(v2.header_key), "45b95e15235d6f45a6b19cbcb0294ba9");
}

TEST(QuicSalts, BelongToFamiliesOfVersions) {
  const auto same = [](uint32_t one, uint32_t other) {
    return quic_salts(one).size() == 1 && quic_salts(one).data() == quic_salts(other).data();
  };
  EXPECT_TRUE(same(0xff000022, quic_version::k1));
  EXPECT_TRUE(same(0xff00001d, 0xff000020));
  EXPECT_TRUE(same(0xfaceb00e, 0xff000017));
  EXPECT_FALSE(same(0xff00001c, 0xff00001d));
  EXPECT_EQ(quic_salts(0x51303530).size(), 0U);
  EXPECT_EQ(quic_salts(0x1a2a3a4a).size(), 3U);
}

class QuicOpener : public testing::Test {
 protected:
  std::optional<ByteRange> open(const Octets& packet, size_t captured, QuicVerification how,
                                uint32_t version = quic_version::k1) {
    const auto header = read_quic_long_header(range(packet), Mode::corrected);
    if (!header) return {};
    return opener_.open(keys_of(version), *header, range(packet).first(captured), how);
  }
  QuicInitialOpener opener_;
};

TEST_F(QuicOpener, GivesTheFramesThatWereSealed) {
  for (const uint32_t version : {quic_version::k1, quic_version::k2}) {
    Octets frames = test::crypto_frame(0, {1, 2, 3});
    const Octets packet = test::client_initial({.version = version}, frames);
    frames.resize(1100);
    const auto opened = open(packet, packet.size(), QuicVerification::required, version);
    ASSERT_TRUE(opened);
    EXPECT_EQ(hex(*opened), hex(range(frames)));
  }
}

TEST_F(QuicOpener, RefusesAnyChangedByte) {
  const Octets packet = test::client_initial({}, test::crypto_frame(0, {1, 2, 3}), 40);
  for (size_t i = 0; i < packet.size(); ++i) {
    Octets changed = packet;
    changed[i] ^= 0x04;
    EXPECT_FALSE(open(changed, changed.size(), QuicVerification::required)) << i;
  }
}

TEST_F(QuicOpener, WhatWasCutIsReadWithoutItsTagWhenThatIsAllowed) {
  const Octets frames = test::crypto_frame(0, {1, 2, 3});
  const Octets packet = test::client_initial({}, frames);
  EXPECT_FALSE(open(packet, 100, QuicVerification::required));
  const auto opened = open(packet, 100, QuicVerification::when_captured);
  ASSERT_TRUE(opened);
  EXPECT_EQ(hex(opened->first(frames.size())), hex(range(frames)));
  for (size_t captured = 0; captured < 40; ++captured)
    static_cast<void>(open(packet, captured, QuicVerification::when_captured));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
