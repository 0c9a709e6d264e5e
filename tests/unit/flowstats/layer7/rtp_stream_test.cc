#include "flowstats/layer7/rtp_stream.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

TEST(TypeCounts, ListsTypesInOrderOfAppearance) {
  TypeCounts counts;
  for (const uint8_t type : {104, 8, 104, 104}) counts.add(type);
  EXPECT_EQ(counts.types().view(), "104,8");
  EXPECT_EQ(counts.counts().view(), "3,1");
}

TEST(TypeCounts, EndsAtTenTypes) {
  TypeCounts counts;
  for (uint8_t type = 100; type < 112; ++type) counts.add(type);
  counts.add(109);
  EXPECT_EQ(counts.types().view(), "100,101,102,103,104,105,106,107,108,109");
  EXPECT_EQ(counts.counts().view(), "1,1,1,1,1,1,1,1,1,2");
}

TEST(MediaStream, FirstPacketIsCounted) {
  const RtpHeader header{.payload_type = 8, .seq = 5, .stamp = 100, .ssrc = 1, .media_bytes = 160};
  MediaStream stream = MediaStream::of_rtp(header, Timestamp{1000});
  stream.add(header, Timestamp{1000}, Mode::tstat);
  EXPECT_EQ(stream.packets, 1U);
  EXPECT_EQ(stream.bytes, 160U);
  EXPECT_EQ(stream.rtp()->out_of_sequence, 0U);
  EXPECT_EQ(stream.rtp()->media_bytes_min, 160U);
  EXPECT_EQ(stream.rtcp(), nullptr);
}

TEST(MediaStream, GapsAreThoseOfPacketsInSequence) {
  RtpHeader header{.payload_type = 8, .seq = 5, .media_bytes = 160};
  MediaStream stream = MediaStream::of_rtp(header, Timestamp{0});
  int64_t now_us = 0;
  for (const uint16_t seq : {5, 6, 8, 9}) {  // 8 does not follow 6
    header.seq = seq;
    stream.add(header, Timestamp{now_us}, Mode::tstat);
    now_us += 10'000 * (seq - 4);
  }
  EXPECT_EQ(stream.rtp()->in_sequence, 2U);
  EXPECT_EQ(stream.rtp()->gaps.us, 10'000 + 40'000);
  EXPECT_EQ(stream.rtp()->out_of_sequence, 1U);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
