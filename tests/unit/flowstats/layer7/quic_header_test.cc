#include "flowstats/layer7/quic_header.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/support/quic_packet.h"
#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::layer7 {
namespace {

using test::Octets;
using test::range;

// RFC 9000 section A.1.
TEST(QuicInteger, ReadsTheExamplesOfTheStandard) {
  const auto value = [](const char* text) {
    const auto bytes = test::unhex(text);
    size_t offset = 0;
    const auto read = read_quic_integer(range(bytes), offset);
    EXPECT_TRUE(!read || offset == bytes.size());
    return read;
  };
  EXPECT_EQ(value("c2197c5eff14e88c"), 151'288'809'941'952'652U);
  EXPECT_EQ(value("9d7f3e7d"), 494'878'333U);
  EXPECT_EQ(value("7bbd"), 15'293U);
  EXPECT_EQ(value("25"), 37U);
  EXPECT_FALSE(value("9d7f3e").has_value());
  EXPECT_FALSE(value("").has_value());
}

TEST(QuicHeader, OfAnInitialSaysWhereItsNumberAndEndAre) {
  test::InitialOptions options;
  options.token = Octets(70, 9);
  const Octets packet = test::client_initial(options, {});
  const auto header = read_quic_long_header(range(packet), Mode::tstat);
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->fixed_bit);
  EXPECT_EQ(header->type, QuicPacketType::initial);
  EXPECT_EQ(header->version, quic_version::k1);
  EXPECT_EQ(test::hex(header->destination_id), "8394c8f03e515708");
  EXPECT_EQ(test::hex(header->source_id), "5a01");
  EXPECT_EQ(header->packet_bytes, packet.size());
  EXPECT_EQ(header->number_offset, packet.size() - 1100 - 16 - 1);
}

TEST(QuicHeader, TypesOfVersionTwoAreKnownInCorrectedMode) {
  test::InitialOptions options;
  options.version = quic_version::k2;
  const Octets packet = test::client_initial(options, {});
  EXPECT_EQ(read_quic_long_header(range(packet), Mode::corrected)->type, QuicPacketType::initial);
  EXPECT_EQ(read_quic_long_header(range(packet), Mode::tstat)->type, QuicPacketType::zero_rtt);
}

TEST(QuicHeader, IsNoneWhenItsIdentifiersAreCut) {
  const Octets packet = test::client_initial({}, {});
  const size_t ids_end = 1 + 4 + 1 + 8 + 1 + 2;
  for (size_t bytes = 0; bytes <= ids_end; ++bytes)
    EXPECT_EQ(read_quic_long_header(range(packet).first(bytes), Mode::tstat).has_value(),
              bytes == ids_end)
        << bytes;
}

TEST(QuicHeader, LengthsBeyondADatagramAreUnknown) {
  const auto bytes = test::unhex(
      "c00000000101aa00"
      "00"
      "c0000000ffffffff");
  const auto header = read_quic_long_header(range(bytes), Mode::tstat);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->packet_bytes, 0U);
}

TEST(QuicPackets, OfOneDatagramAreVisitedInTurn) {
  Octets datagram = test::client_initial({}, {}, 50);
  const size_t first = datagram.size();
  const auto zero_rtt = test::unhex(
      "d00000000101aa00"
      "05"
      "0102030405");
  test::append(datagram, zero_rtt);
  std::vector<std::pair<QuicPacketType, size_t>> seen;
  for_each_quic_packet(range(datagram), Mode::tstat,
                       [&seen](const QuicLongHeader& header, ByteRange packet) {
                         seen.emplace_back(header.type, packet.size());
                         return true;
                       });
  const std::vector<std::pair<QuicPacketType, size_t>> expected = {
      {QuicPacketType::initial, first}, {QuicPacketType::zero_rtt, zero_rtt.size()}};
  EXPECT_EQ(seen, expected);
}

TEST(QuicPackets, AreNotCountedWithoutEnd) {
  Octets datagram;
  for (int i = 0; i < 100; ++i)
    test::append(datagram, test::unhex("d00000000101aa00"
                                       "00"));
  size_t seen = 0;
  for_each_quic_packet(range(datagram), Mode::tstat, [&seen](const QuicLongHeader&, ByteRange) {
    ++seen;
    return true;
  });
  EXPECT_EQ(seen, kQuicPacketsPerDatagramMax);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
