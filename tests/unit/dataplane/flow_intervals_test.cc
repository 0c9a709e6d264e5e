#include "dataplane/flow_intervals.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/flow_shard.h"
#include "tests/support/flow_records.h"
#include "tests/support/tcp_talk.h"

namespace tapstat::dataplane {
namespace {

using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Log;
using flowstats::Measurement;
using flowstats::Mode;
using flowstats::RecordKind;
using flowstats::Segment;
using flowstats::TcpIntervalRecord;
using flowstats::TcpRecord;
using tests::Drained;
using tests::TcpTalk;
namespace tcp_flag = flowstats::tcp_flag;

constexpr int64_t kSecond = 1'000'000, kMillisecond = 1'000;
const std::string kBytes(1000, 'x');

std::string_view bytes(size_t size) { return std::string_view(kBytes).substr(0, size); }

/// Lines of the flows of one shard, intervals of a second.
class TcpIntervalsTest : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    measurement_.mode = GetParam();
    measurement_.limits.tcp_flows_max = 4;
    measurement_.limits.udp_flows_max = 4;
    measurement_.limits.segment_records_max = 1000;
  }
  void write_lines(bool on) {
    if (!shard_) shard_ = std::make_unique<FlowShard>(measurement_, networks_, ring_, counters_);
    flowstats::ActiveConfig config;
    config.logs.set(Log::tcp_periodic, on);
    shard_->follow(config);
  }
  void show(const Segment& segment) {
    shard_->process({&segment, 1}, 1);
    last_ = segment.time;
  }
  void show_handshake(TcpTalk& talk, int64_t at_us) {
    for (const Segment& segment : talk.handshake(at_us)) show(segment);
  }
  /// All lines so far.
  std::vector<TcpIntervalRecord> lines() {
    const Drained drained(ring_);
    std::vector<TcpIntervalRecord> all;
    for (const auto* line : drained.of<TcpIntervalRecord>(RecordKind::tcp_interval))
      all.push_back(*line);
    return all;
  }
  std::vector<TcpIntervalRecord> lines_at_the_end() {
    shard_->finish(last_, 1);
    return lines();
  }

  Measurement measurement_;
  flowstats::NetworkList networks_;
  RecordRing ring_{1024, RecordRing::WhenFull::drop};
  flowstats::CounterBlock counters_;
  std::unique_ptr<FlowShard> shard_;
  flowstats::Timestamp last_;
};

TEST_P(TcpIntervalsTest, EndWithThePacketThatComesMoreThanTheIntervalLater) {
  write_lines(true);
  TcpTalk talk;
  show_handshake(talk, 0);
  show(talk.client(kSecond, bytes(100)));  // exactly the interval ends none
  show(talk.server(kSecond + 1, bytes(200)));
  show(talk.client(5 * kSecond, bytes(50)));  // quiet intervals make no lines
  const auto found = lines_at_the_end();
  ASSERT_EQ(found.size(), 3U);

  EXPECT_EQ(found[0].start.us, 0);
  EXPECT_EQ(found[0].end.us, kSecond);
  EXPECT_EQ(found[0].ends.port[0], 40'000);
  EXPECT_EQ(found[0].ends.port[1], 9999);
  const auto& client = found[0].halves[0];
  EXPECT_EQ(client.packets, 3U);
  EXPECT_EQ(client.syns, 1U);
  EXPECT_EQ(client.acks, 2U);
  EXPECT_EQ(client.pure_acks, 1U);
  EXPECT_EQ(client.data_packets, 1U);
  EXPECT_EQ(client.bytes, 100U);
  EXPECT_EQ(client.bytes_unique, 100U);
  EXPECT_EQ(found[0].halves[1].packets, 1U);
  EXPECT_EQ(found[0].halves[1].bytes, 0U);

  EXPECT_EQ(found[1].start.us, kSecond + 1);
  EXPECT_EQ(found[1].end.us, kSecond + 1);
  EXPECT_EQ(found[1].halves[0].packets, 0U);
  EXPECT_EQ(found[1].halves[1].packets, 1U);
  EXPECT_EQ(found[1].halves[1].bytes, 200U);
  EXPECT_EQ(found[1].halves[1].syns, 0U);

  EXPECT_EQ(found[2].start.us, 5 * kSecond);
  EXPECT_EQ(found[2].end.us, 5 * kSecond);
  EXPECT_EQ(found[2].halves[0].bytes, 50U);
  EXPECT_EQ(found[2].halves[1].packets, 0U);
  for (const auto& line : found) EXPECT_EQ(line.flow_first.us, 0);
}

TEST_P(TcpIntervalsTest, TheLastOneEndsWithTheFlow) {
  write_lines(true);
  TcpTalk talk;
  show_handshake(talk, 0);
  constexpr int64_t kClose = kSecond + 500 * kMillisecond;
  show(talk.client(kClose, {}, tcp_flag::kFin | tcp_flag::kAck));
  show(talk.server(kClose + 10, {}, tcp_flag::kFin | tcp_flag::kAck));
  show(talk.client(kClose + 20));
  const auto found = lines();
  ASSERT_EQ(found.size(), 2U) << "a flow that is complete waits for nobody";
  EXPECT_EQ(found[0].end.us, 20 * kMillisecond);
  EXPECT_EQ(found[0].halves[0].fins, 0U);
  EXPECT_EQ(found[1].start.us, kClose);
  EXPECT_EQ(found[1].end.us, kClose + 20);
  EXPECT_EQ(found[1].halves[0].fins, 1U);
  EXPECT_EQ(found[1].halves[1].fins, 1U);
  EXPECT_EQ(found[1].halves[0].packets, 2U);
}

TEST_P(TcpIntervalsTest, AFlowOfOnePacketHasOne) {
  write_lines(true);
  TcpTalk talk;
  show(talk.syn(7));
  const auto found = lines_at_the_end();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].flow_first.us, 7);
  EXPECT_EQ(found[0].start.us, 7);
  EXPECT_EQ(found[0].end.us, 7);
  EXPECT_EQ(found[0].halves[0].packets, 1U);
  EXPECT_EQ(found[0].halves[0].syns, 1U);
  EXPECT_EQ(found[0].halves[1].packets, 0U);
}

TEST_P(TcpIntervalsTest, TheNextFlowOfTheSameEntryStartsFromNothing) {
  write_lines(true);
  TcpTalk first, second;
  show_handshake(first, 0);
  show(first.client(30 * kMillisecond, bytes(900)));
  show(first.server(40 * kMillisecond, {}, tcp_flag::kRst));
  show_handshake(second, 100 * kMillisecond);
  show(second.client(200 * kMillisecond, bytes(5)));
  const auto found = lines_at_the_end();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].halves[0].bytes, 900U);
  EXPECT_EQ(found[0].halves[1].rsts, 1U);
  EXPECT_EQ(found[1].flow_first.us, 100 * kMillisecond);
  EXPECT_EQ(found[1].start.us, 100 * kMillisecond);
  EXPECT_EQ(found[1].halves[0].packets, 3U);
  EXPECT_EQ(found[1].halves[0].bytes, 5U);
  EXPECT_EQ(found[1].halves[0].in_flight_max, 5U);
}

TEST_P(TcpIntervalsTest, AFlowOfTheSameMicrosecondIsAnother) {
  write_lines(true);
  TcpTalk first, second;
  show(first.syn(0));
  show(first.server(0, {}, tcp_flag::kRst | tcp_flag::kAck));
  show_handshake(second, 0);
  const auto found = lines_at_the_end();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].halves[0].packets, 1U);
  EXPECT_EQ(found[0].halves[1].rsts, 1U);
  EXPECT_EQ(found[1].halves[0].packets, 2U);
  EXPECT_EQ(found[1].halves[0].syns, 1U);
  EXPECT_EQ(found[1].halves[1].packets, 1U);
}

TEST_P(TcpIntervalsTest, HaveTheirOwnBytesInFlightAndRoundTrips) {
  write_lines(true);
  TcpTalk talk;
  show_handshake(talk, 0);
  show(talk.client(100 * kMillisecond, bytes(100)));
  show(talk.client(110 * kMillisecond, bytes(300)));
  show(talk.server(160 * kMillisecond));
  show(talk.client(2 * kSecond, bytes(50)));
  show(talk.server(2 * kSecond + 70 * kMillisecond));
  const auto found = lines_at_the_end();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].halves[0].in_flight_min, 100U);
  EXPECT_EQ(found[0].halves[0].in_flight_max, 400U);
  EXPECT_EQ(found[0].halves[1].in_flight_max, 0U);
  EXPECT_EQ(found[1].halves[0].in_flight_min, 50U);
  EXPECT_EQ(found[1].halves[0].in_flight_max, 50U);
  EXPECT_EQ(found[1].halves[0].rtt_samples, 1U);
  EXPECT_DOUBLE_EQ(found[1].halves[0].rtt_average_ms, 70.0);
  EXPECT_EQ(found[1].halves[1].rtt_samples, 0U);
  EXPECT_EQ(found[1].halves[1].rtt_average_ms, 0.0);
}

TEST_P(TcpIntervalsTest, HoldWhatWasCountedWhileTheLogWasOff) {
  write_lines(false);
  TcpTalk talk;
  show_handshake(talk, 0);
  show(talk.client(100 * kMillisecond, bytes(100)));
  write_lines(true);
  show(talk.client(3 * kSecond, bytes(50)));
  write_lines(false);
  show(talk.client(6 * kSecond, bytes(30)));
  write_lines(true);
  show(talk.client(9 * kSecond, bytes(20)));
  const auto found = lines_at_the_end();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].start.us, 0);
  EXPECT_EQ(found[0].end.us, 100 * kMillisecond);
  EXPECT_EQ(found[0].halves[0].bytes, 100U);
  EXPECT_EQ(found[0].halves[0].packets, 3U);
  EXPECT_EQ(found[1].start.us, 3 * kSecond);
  EXPECT_EQ(found[1].end.us, 6 * kSecond);
  EXPECT_EQ(found[1].halves[0].bytes, 50U + 30U);
  EXPECT_EQ(found[2].start.us, 9 * kSecond);
  EXPECT_EQ(found[2].halves[0].bytes, 20U);
}

TEST_P(TcpIntervalsTest, AreNotMadeForOthersNorWhileTheLogIsOff) {
  write_lines(false);
  TcpTalk talk;
  show_handshake(talk, 0);
  show(talk.client(3 * kSecond, bytes(50)));
  EXPECT_TRUE(lines_at_the_end().empty());

  networks_.add(IpVersion::v4, {IpAddress::v4(0x0a000000), IpAddress::v4(0xff000000)});
  write_lines(true);
  TcpTalk outside;
  show_handshake(outside, 4 * kSecond);
  show(outside.client(6 * kSecond, bytes(50)));
  EXPECT_TRUE(lines_at_the_end().empty()) << "neither end is internal";
  EXPECT_EQ(counters_.get(flowstats::Counter::flows_dropped_not_local), 1U);
}

INSTANTIATE_TEST_SUITE_P(Modes, TcpIntervalsTest, testing::Values(Mode::tstat, Mode::corrected),
                         [](const auto& mode) {
                           return mode.param == Mode::tstat ? "tstat" : "corrected";
                         });

}  // namespace
}  // namespace tapstat::dataplane
