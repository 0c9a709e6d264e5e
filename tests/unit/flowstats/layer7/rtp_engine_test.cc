#include "flowstats/layer7/rtp_engine.h"

#include <gtest/gtest.h>

#include "tests/support/rtp_packets.h"

namespace tapstat::flowstats::layer7 {
namespace {

using tests::Datagram;
using tests::measurement_of;
using tests::PlayedFlow;
using tests::receiver_report;
using tests::RtcpBlock;
using tests::rtp_datagram;
using tests::sender_report;

Datagram rtp(uint16_t number, uint32_t ssrc = 0x1111) {
  return rtp_datagram({.seq = number, .stamp = 160U * number, .ssrc = ssrc});
}

Datagram of_first_byte(uint8_t first) { return Datagram(40, first); }

TEST(RtpEngine, SecondPacketInSequenceMakesTheDirectionRtp) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  flow.play(engine, rtp(5));
  EXPECT_EQ(flow.type[kClient], UdpType::first_rtp);
  flow.play(engine, rtp(9));  // not the next one: left out
  EXPECT_EQ(flow.type[kClient], UdpType::first_rtp);
  EXPECT_TRUE(flow.lines(engine).empty());
  flow.play(engine, rtp(6));
  EXPECT_EQ(flow.type[kClient], UdpType::rtp);
  const auto lines = flow.lines(engine);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].packets, 2U);
  EXPECT_EQ(lines[0].ssrc, 0x1111U);
  EXPECT_EQ(lines[0].media_kinds[kClient], 1);
  EXPECT_EQ(lines[0].type[kServer], UdpType::unknown);
}

TEST(RtpEngine, LowPortsAreLeftAlone) {
  RtpEngine engine(measurement_of(Mode::tstat));
  for (const uint16_t port : {1024, 1025}) {
    PlayedFlow flow;
    flow.port[kServer] = port;
    flow.play(engine, rtp(1));
    flow.play(engine, rtp(2));
    EXPECT_EQ(flow.type[kClient], port == 1024 ? UdpType::unknown : UdpType::rtp);
    EXPECT_EQ(engine.idle(flow.state, flow.type, kClient), port == 1024);
    engine.end(flow.state);
  }
}

TEST(RtpEngine, UnknownKindEndsItForGood) {
  RtpEngine engine(measurement_of(Mode::tstat));
  for (const int packets_before : {1, 2}) {
    PlayedFlow flow;
    uint16_t number = 0;
    for (int i = 0; i < packets_before; ++i) flow.play(engine, rtp(number++));
    flow.play(engine, of_first_byte(0xff));
    EXPECT_EQ(flow.type[kClient], UdpType::unknown);
    EXPECT_FALSE(engine.idle(flow.state, flow.type, kClient)) << "its TTLs may be reported";
    for (int i = 0; i < 3; ++i) flow.play(engine, rtp(number++));
    EXPECT_EQ(flow.type[kClient], UdpType::unknown);
    engine.end(flow.state);
  }
}

TEST(RtpEngine, StreamsOfADirectionThatCeasedAreReportedWithTheOther) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  flow.play(engine, rtp(1));
  flow.play(engine, rtp(2));
  flow.play(engine, of_first_byte(0xff));
  flow.play(engine, rtp(1, 0x2222), kServer);
  flow.play(engine, rtp(2, 0x2222), kServer);
  const auto lines = flow.lines(engine);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].side, kClient);
  EXPECT_EQ(lines[0].type[kClient], UdpType::unknown);
  EXPECT_EQ(lines[1].side, kServer);
  EXPECT_EQ(lines[1].type[kServer], UdpType::rtp);
  engine.end(flow.state);
  EXPECT_EQ(engine.streams_in_use(), 0U);
}

TEST(RtpEngine, EntriesComeBackWhenBothDirectionsCeased) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  for (const size_t side : {kClient, kServer}) {
    flow.play(engine, rtp(1), side);
    EXPECT_EQ(engine.streams_in_use(), side + 1);
  }
  for (const size_t side : {kClient, kServer}) flow.play(engine, of_first_byte(0xff), side);
  EXPECT_EQ(engine.streams_in_use(), 0U);
  EXPECT_TRUE(engine.idle(flow.state, flow.type, kClient));
  EXPECT_TRUE(engine.idle(flow.state, flow.type, kServer));
}

TEST(RtpEngine, OtherKindsOnlySetTheirBit) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  flow.play(engine, of_first_byte(1));  // STUN before the first packet leaves no trace
  flow.play(engine, rtp(1));
  flow.play(engine, of_first_byte(20));
  flow.play(engine, rtp(2));
  flow.play(engine, of_first_byte(64));
  flow.play(engine, of_first_byte(16));
  ASSERT_EQ(flow.lines(engine).size(), 1U);
  EXPECT_EQ(flow.lines(engine)[0].media_kinds[kClient], 1 + 4 + 16 + 32);
}

TEST(RtpEngine, DtlsCountsFromItsHandshakeOn) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  flow.type[kClient] = UdpType::dtls;
  flow.play(engine, of_first_byte(22));
  flow.play(engine, rtp(1));
  flow.play(engine, rtp(2));
  EXPECT_EQ(flow.type[kClient], UdpType::rtp);
  EXPECT_EQ(flow.lines(engine)[0].media_kinds[kClient], 1 + 4);
}

TEST(RtpEngine, MturnOfACandidateMustHaveItsLength) {
  RtpEngine engine(measurement_of(Mode::tstat));
  for (const uint8_t length : {36, 35}) {  // a UDP length of 48 less 12
    PlayedFlow flow;
    flow.play(engine, rtp(1));
    Datagram mturn = {0xff, 0x10, 0, length};
    mturn.resize(40);
    flow.play(engine, mturn);
    flow.play(engine, rtp(2));
    EXPECT_EQ(flow.type[kClient], length == 36 ? UdpType::rtp : UdpType::unknown);
    engine.end(flow.state);
  }
}

TEST(RtpEngine, ElevenSourcesWithOnePacketAreNoRtp) {
  for (const uint32_t sources : {10U, 11U}) {
    RtpEngine engine(measurement_of(Mode::tstat));
    PlayedFlow flow;
    flow.play(engine, rtp(1));
    flow.play(engine, rtp(2));
    for (uint32_t i = 0; i < sources; ++i) flow.play(engine, rtp(1, 100 + i));
    EXPECT_EQ(flow.type[kClient], sources == 10 ? UdpType::rtp : UdpType::unknown);
  }
}

TEST(RtpEngine, AThousandSourcesAreTheLimit) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  for (uint32_t source = 1; source <= 1001; ++source) {
    flow.play(engine, rtp(1, source));
    flow.play(engine, rtp(2, source));
    ASSERT_EQ(flow.type[kClient], source <= 1000 ? UdpType::rtp : UdpType::unknown) << source;
  }
}

TEST(RtpEngine, NewestSourceComesFirstAndRtpBeforeRtcp) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  flow.play(engine, sender_report({.ssrc = 3}));
  flow.play(engine, rtp(1, 1));
  flow.play(engine, rtp(1, 2));
  flow.play(engine, rtp(2, 1));
  flow.play(engine, sender_report({.ssrc = 4}), kServer);
  std::vector<uint32_t> order;
  for (const RtpSummary& line : flow.lines(engine)) order.push_back(line.ssrc);
  EXPECT_EQ(order, (std::vector<uint32_t>{2, 1, 3, 4}));
}

TEST(RtpEngine, TtlIsThatOfTheWholeDirection) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  flow.ttl[kClient] = 90;
  flow.play(engine, of_first_byte(1));
  flow.play(engine, of_first_byte(1), kServer);
  flow.ttl[kClient] = 20;
  flow.play(engine, rtp(1));
  flow.play(engine, rtp(2));
  flow.ttl[kClient] = 50;
  flow.play(engine, Datagram{});
  flow.play(engine, rtp(1), kServer);
  const auto lines = flow.lines(engine);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].ttl.mean, 45);
  EXPECT_EQ(lines[0].ttl.max, 90);
  EXPECT_EQ(lines[0].ttl.min, 20);
  EXPECT_EQ(lines[1].ttl.mean, 64);
}

TEST(RtpEngine, RoundTripGoesFromTheProbeToTheReporterAndBack) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  const RtcpBlock answer{.last_sender_id = 0xabcd1234, .delay = 65536 / 100};  // about 10 ms
  flow.play(engine, sender_report({.ssrc = 1, .id = 0xabcd1234}));             // at 0 ms
  flow.play(engine, sender_report({.ssrc = 1, .id = 0xabcd1234}));             // at 20 ms
  flow.play(engine, receiver_report(2, {answer}), kServer);                    // at 40 ms
  const auto lines = flow.lines(engine);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].round_trips, 0U);
  EXPECT_EQ(lines[1].round_trips, 1U);
  EXPECT_NEAR(lines[1].rtt_ms.mean, 10, 0.01);
}

TEST(RtpEngine, ReceiverReportLeavesTheLatestSenderReport) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  flow.play(engine, sender_report({.ssrc = 1, .id = 7}));
  Datagram no_block = receiver_report(1, {});
  no_block.resize(kMediaBytesMin);
  flow.play(engine, no_block);
  flow.play(engine, receiver_report(2, {RtcpBlock{.last_sender_id = 7}}), kServer);
  const auto lines = flow.lines(engine);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[1].round_trips, 1U);
}

TEST(RtpEngine, EmptyPoolIsCounted) {
  RtpEngine engine(measurement_of(Mode::tstat, 1));
  PlayedFlow first, second;
  first.play(engine, rtp(1));
  second.play(engine, rtp(1));
  EXPECT_EQ(second.type[kClient], UdpType::unknown);
  EXPECT_EQ(engine.refused(), 1U);
  first.play(engine, rtp(1, 0x2222));  // a second source
  EXPECT_EQ(engine.refused(), 2U);
  engine.end(first.state);
  second.play(engine, rtp(2));
  second.play(engine, rtp(3));
  EXPECT_EQ(second.type[kClient], UdpType::rtp);
}

TEST(RtpEngine, IdleWhenTheTypeIsAnotherOne) {
  RtpEngine engine(measurement_of(Mode::tstat));
  PlayedFlow flow;
  flow.play(engine, of_first_byte(1));
  EXPECT_FALSE(engine.idle(flow.state, flow.type, kClient));
  flow.type = {UdpType::quic, UdpType::unknown};
  EXPECT_TRUE(engine.idle(flow.state, flow.type, kClient));
  EXPECT_FALSE(engine.idle(flow.state, flow.type, kServer));
  flow.type = {UdpType::quic, UdpType::quic};
  EXPECT_TRUE(engine.idle(flow.state, flow.type, kClient));
}

}  // namespace
}  // namespace tapstat::flowstats::layer7
