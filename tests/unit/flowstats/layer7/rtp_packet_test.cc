#include "flowstats/layer7/rtp_packet.h"

#include <gtest/gtest.h>

#include "tests/support/rtp_packets.h"

namespace tapstat::flowstats::layer7 {
namespace {

using tests::Datagram;
using tests::range_of;
using tests::rtp_datagram;

MediaKind kind_of(uint8_t first, uint8_t second) {
  Datagram bytes(kMediaBytesMin, 0);
  bytes[0] = first;
  bytes[1] = second;
  return media_kind(range_of(bytes));
}

TEST(MediaKind, IsToldByTheFirstByte) {
  struct Case {
    uint8_t first, last;
    MediaKind kind;
  };
  for (const Case& c : {Case{0, 3, MediaKind::stun}, Case{4, 15, MediaKind::unknown},
                        Case{16, 19, MediaKind::zrtp}, Case{20, 63, MediaKind::dtls},
                        Case{64, 79, MediaKind::turn_channel}, Case{80, 127, MediaKind::unknown},
                        Case{128, 191, MediaKind::rtp}, Case{192, 255, MediaKind::unknown}})
    for (unsigned first = c.first; first <= c.last; ++first)
      EXPECT_EQ(kind_of(static_cast<uint8_t>(first), 0), c.kind) << first;
  EXPECT_EQ(kind_of(0xff, 0x10), MediaKind::mturn);
}

TEST(MediaKind, RtpAndRtcpAreToldByTheSecondByte) {
  for (const uint8_t type : {0, 3, 18, 25, 26, 28, 31, 34, 96, 127}) {
    EXPECT_EQ(kind_of(0x80, type), MediaKind::rtp) << int{type};
    EXPECT_EQ(kind_of(0x80, type | 0x80), MediaKind::rtp) << int{type} << " with a marker";
  }
  for (const uint8_t type : {191, 192, 200, 213})
    EXPECT_EQ(kind_of(0x80, type), MediaKind::rtcp) << int{type};
  for (const uint8_t type : {1, 2, 19, 24, 27, 29, 30, 35, 95, 190, 214, 223})
    EXPECT_EQ(kind_of(0x80, type), MediaKind::unknown) << int{type};
}

TEST(RtpHeader, FieldsAreRead) {
  const Datagram bytes =
      rtp_datagram({.seq = 0x1234, .stamp = 0x89abcdef, .ssrc = 0xfedcba98, .payload_type = 0xe8});
  const RtpHeader header = read_rtp(range_of(bytes), 172, Mode::tstat);
  EXPECT_EQ(header.seq, 0x1234);
  EXPECT_EQ(header.stamp, 0x89abcdef);
  EXPECT_EQ(header.ssrc, 0xfedcba98);
  EXPECT_EQ(header.payload_type, 0x68);
  EXPECT_EQ(header.media_bytes, 160U);
}

/// A header with the extension `profile` of two words, and one CSRC.
uint32_t media_bytes_with(uint16_t profile, Mode mode) {
  Datagram bytes = rtp_datagram({.media_bytes = 4 + 12 + 100});
  bytes[0] = 0x91;
  bytes[16] = static_cast<uint8_t>(profile >> 8);
  bytes[17] = static_cast<uint8_t>(profile);
  bytes[18] = 0;
  bytes[19] = 2;
  return read_rtp(range_of(bytes), static_cast<uint32_t>(bytes.size()), mode).media_bytes;
}

TEST(RtpHeader, ExtensionsAndSourcesAreNoMedia) {
  EXPECT_EQ(media_bytes_with(0xbede, Mode::tstat), 100U);
  EXPECT_EQ(media_bytes_with(0x100a, Mode::tstat), 100U);
  EXPECT_EQ(media_bytes_with(0x5555, Mode::tstat), 108U) << "Tstat knows two profiles only";
  EXPECT_EQ(media_bytes_with(0x5555, Mode::corrected), 100U);
}

TEST(RtpHeader, WhatIsLongerThanTheDatagramLeavesNoMedia) {
  Datagram bytes = rtp_datagram({.media_bytes = 0});
  bytes[0] = 0x9f;  // 15 CSRCs and an extension, none of them captured
  EXPECT_EQ(read_rtp(range_of(bytes), 12, Mode::corrected).media_bytes, 0U);
  EXPECT_EQ(read_rtp(range_of(bytes), 112, Mode::corrected).media_bytes, 36U);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
