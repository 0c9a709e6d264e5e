#include "flowstats/layer7/rtp_summary.h"

#include <cmath>

#include <gtest/gtest.h>

namespace tapstat::flowstats::layer7 {
namespace {

MediaStream stream_of(std::initializer_list<uint32_t> sizes, Mode mode) {
  RtpHeader header{.payload_type = 8};
  MediaStream stream = MediaStream::of_rtp(header, Timestamp{0});
  int64_t now_us = 0;
  for (const uint32_t size : sizes) {
    header.media_bytes = size;
    stream.add(header, Timestamp{now_us}, mode);
    ++header.seq;
    header.stamp += 160;
    now_us += 20'000;
  }
  return stream;
}

TEST(RtpSummary, OnePacketHasNoMeans) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    const RtpSummary summary = summary_of(stream_of({160}, mode), mode);
    EXPECT_EQ(summary.gap_ms, 0);
    EXPECT_EQ(summary.duration, 0);
    EXPECT_EQ(summary.speed, 0);
    EXPECT_EQ(summary.media_bytes.mean, 160);
    EXPECT_EQ(summary.media_bytes_deviation, 0);
    EXPECT_EQ(summary.jitter.min, 0);
  }
}

TEST(RtpSummary, DeviationOfTheMediaBytes) {
  const double squares = 2 * 10.0 * 10.0;  // of 90, 100 and 110 about their mean
  const auto deviation = [](Mode mode) {
    return summary_of(stream_of({90, 100, 110}, mode), mode).media_bytes_deviation;
  };
  EXPECT_DOUBLE_EQ(deviation(Mode::corrected), std::sqrt(squares / 2));
  EXPECT_DOUBLE_EQ(deviation(Mode::tstat), std::sqrt(squares) / 2);
}

TEST(RtpSummary, SpeedIsThatOfTheDuration) {
  const RtpSummary rtp = summary_of(stream_of({160, 160, 160}, Mode::tstat), Mode::tstat);
  EXPECT_DOUBLE_EQ(rtp.duration, 0.04);
  EXPECT_DOUBLE_EQ(rtp.speed, 480 * 8 / 0.04);
  EXPECT_DOUBLE_EQ(rtp.gap_ms, 20);
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    MediaStream stream = MediaStream::of_rtcp(Timestamp{0});
    stream.add(RtcpPacket{}, 40, Timestamp{0}, mode);
    stream.add(RtcpPacket{}, 40, Timestamp{40'000}, mode);
    const RtpSummary rtcp = summary_of(stream, mode);
    EXPECT_TRUE(rtcp.is_rtcp);
    EXPECT_DOUBLE_EQ(rtcp.gap_ms, 20);
    EXPECT_DOUBLE_EQ(rtcp.duration, mode == Mode::tstat ? 40 : 0.04);
    EXPECT_DOUBLE_EQ(rtcp.speed, mode == Mode::tstat ? 16 : 16'000);
    EXPECT_EQ(rtcp.jitter.mean, 0) << "no report, no mean";
    EXPECT_EQ(rtcp.rtt_ms.mean, 0);
  }
}

TEST(RtpSummary, ReportedLossIsPercent) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    MediaStream stream = MediaStream::of_rtcp(Timestamp{0});
    for (const uint8_t fraction : {180, 180, 180, 180, 182}) {
      RtcpPacket packet;
      packet.has_block = true;
      packet.fraction_lost = fraction;
      stream.add(packet, 32, Timestamp{0}, mode);
    }
    const double percent = summary_of(stream, mode).reported_loss_percent;
    EXPECT_NEAR(percent, 70.46875, 1e-5);
    EXPECT_EQ(percent < 70.46875, mode == Mode::tstat) << "a float of 180.4";
  }
}

TEST(RtpSummary, LossesAtTheEndCountInCorrectedMode) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    MediaStream stream = stream_of({160, 160}, mode);
    stream.add(RtpHeader{.payload_type = 8, .seq = 4, .stamp = 640}, Timestamp{80'000}, mode);
    EXPECT_EQ(summary_of(stream, mode).losses, mode == Mode::tstat ? 0U : 2U);
  }
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
