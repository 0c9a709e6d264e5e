#include "flowstats/layer7/rtcp.h"

#include <gtest/gtest.h>

#include "tests/support/rtp_packets.h"

namespace tapstat::flowstats::layer7 {
namespace {

using tests::Datagram;
using tests::range_of;
using tests::receiver_report;
using tests::RtcpBlock;
using tests::sender_report;

constexpr RtcpBlock kBlock{
    .fraction = 64, .losses = -3, .jitter = 7, .last_sender_id = 9, .delay = 65536};

TEST(Rtcp, SenderReportIsRead) {
  const Datagram bytes =
      sender_report({.ssrc = 0x77, .id = 0xaabbccdd, .packets = 5, .bytes = 700}, {kBlock});
  const RtcpPacket packet = read_rtcp(range_of(bytes), Mode::corrected);
  EXPECT_EQ(packet.type, 200);
  EXPECT_EQ(packet.ssrc, 0x77U);
  EXPECT_TRUE(packet.has_sender);
  EXPECT_EQ(packet.sender_id, 0xaabbccddU);
  EXPECT_EQ(packet.sender_packets, 5U);
  EXPECT_EQ(packet.sender_bytes, 700U);
  EXPECT_TRUE(packet.has_block);
  EXPECT_EQ(packet.fraction_lost, 64);
  EXPECT_EQ(packet.losses, -3);
  EXPECT_EQ(packet.jitter, 7U);
  EXPECT_EQ(packet.last_sender_id, 9U);
  EXPECT_EQ(packet.delay, 65536U);
}

uint8_t flags_at(Datagram bytes, size_t size, Mode mode) {
  bytes.resize(size);
  return read_rtcp(range_of(bytes), mode).flags;
}

/// Sizes of the crafted case 52: the first that is not flagged.
TEST(Rtcp, CutReportsAreFlagged) {
  struct Case {
    Datagram bytes;
    size_t whole, whole_for_tstat;
  };
  for (const Case& c : {Case{sender_report({}), 28, 33}, Case{sender_report({}, {kBlock}), 52, 53},
                        Case{receiver_report(1, {kBlock}), 32, 33}}) {
    EXPECT_EQ(flags_at(c.bytes, c.whole - 1, Mode::corrected), kRtcpCut);
    EXPECT_EQ(flags_at(c.bytes, c.whole, Mode::corrected), 0);
    EXPECT_EQ(flags_at(c.bytes, c.whole_for_tstat - 1, Mode::tstat), kRtcpCut);
    EXPECT_EQ(flags_at(c.bytes, c.whole_for_tstat, Mode::tstat), 0);
  }
}

TEST(Rtcp, WhatWasCutIsZero) {
  Datagram bytes = receiver_report(1, {kBlock});
  bytes.resize(20);
  const RtcpPacket packet = read_rtcp(range_of(bytes), Mode::tstat);
  EXPECT_EQ(packet.fraction_lost, 64);
  EXPECT_EQ(packet.jitter, 0U);
  EXPECT_EQ(packet.last_sender_id, 0U);
}

TEST(Rtcp, SeveralBlocksAreSkipped) {
  const RtcpPacket packet =
      read_rtcp(range_of(receiver_report(1, {kBlock, kBlock})), Mode::corrected);
  EXPECT_EQ(packet.flags, kRtcpBlocksSkipped);
  EXPECT_FALSE(packet.has_block);
}

RtcpPacket report(uint32_t jitter) {
  RtcpPacket packet;
  packet.has_block = true;
  packet.jitter = jitter;
  return packet;
}

TEST(RtcpStatistics, SmallestJitterIsThatOfAReport) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    RtcpStatistics statistics;
    statistics.add(RtcpPacket{}, {}, true, mode);
    statistics.add(report(100), {}, false, mode);
    statistics.add(report(50), {}, false, mode);
    EXPECT_EQ(statistics.jitter_min, mode == Mode::tstat ? 0U : 50U);
    EXPECT_EQ(statistics.jitter_max, 100U);
    EXPECT_EQ(statistics.jitter_sum, 150.0);
    EXPECT_EQ(statistics.reports, 2U);
  }
}

TEST(RtcpStatistics, RoundTripsLeaveOutTheReportersDelay) {
  RtcpStatistics statistics;
  const Timestamp sent{1'000'000};
  statistics.add_round_trip(sent, sent + milliseconds(600), 32768);
  statistics.add_round_trip(sent, sent + milliseconds(540), 32768);
  statistics.add_round_trip(sent, sent + milliseconds(400), 32768);  // below zero: no sample
  EXPECT_EQ(statistics.round_trips, 2U);
  EXPECT_EQ(statistics.rtt_max_ms, 100);
  EXPECT_EQ(statistics.rtt_min_ms, 40);
  EXPECT_EQ(statistics.rtt_sum_ms, 140);
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
