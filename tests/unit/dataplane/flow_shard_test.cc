#include "dataplane/flow_shard.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::Endpoint;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Measurement;
using flowstats::Mode;
using flowstats::Segment;
using flowstats::Side;
using flowstats::TcpRecord;
using flowstats::Timestamp;
namespace tcp_flag = flowstats::tcp_flag;

constexpr int64_t kSecond = 1'000'000;
constexpr uint8_t kSyn = tcp_flag::kSyn, kAck = tcp_flag::kAck, kFin = tcp_flag::kFin,
                  kRst = tcp_flag::kRst;

class FlowShardTest : public testing::Test {
 protected:
  void start(Mode mode, uint32_t flows_max = 1000) {
    measurement_.mode = mode;
    measurement_.limits.tcp_flows_max = flows_max;
    measurement_.limits.udp_pairs_max = 20'000;
    measurement_.limits.segment_records_max = 10'000;
    shard_ = std::make_unique<FlowShard>(measurement_, networks_, ring_, counters_);
  }

  /// A segment of client port `port` at `at_us`; from the server when `reply`.
  void segment(uint16_t port, int64_t at_us, uint8_t flags, uint32_t seq, uint32_t ack = 0,
               int32_t payload = 0, bool reply = false) {
    const Endpoint client{IpAddress::v4(0xc000020a), port}, server{IpAddress::v4(0xc6336414), 80};
    Segment s;
    const auto directed = reply
                              ? make_tuple(server, client, flowstats::kProtocolTcp, IpVersion::v4)
                              : make_tuple(client, server, flowstats::kProtocolTcp, IpVersion::v4);
    s.tuple = directed.tuple;
    s.direction = directed.direction;
    s.hash = hash_tuple(s.tuple, measurement_.hash_seed);
    s.time = Timestamp{at_us};
    clock_ = std::max(clock_, s.time);
    s.clock = clock_;
    s.flags = flags;
    s.seq = seq;
    s.ack = ack;
    s.payload_length = payload;
    s.window = 1000;
    s.checksum = static_cast<uint16_t>(seq + flags);
    s.ttl = 64;
    shard_->process({&s, 1}, 1);
  }
  void reply(uint16_t port, int64_t at_us, uint8_t flags, uint32_t seq, uint32_t ack,
             int32_t payload = 0) {
    segment(port, at_us, flags, seq, ack, payload, true);
  }
  void handshake(uint16_t port, int64_t at_us, uint32_t isn = 100) {
    segment(port, at_us, kSyn, isn);
    reply(port, at_us + 10, kSyn | kAck, 500, isn + 1);
    segment(port, at_us + 20, kAck, isn + 1, 501);
  }
  std::vector<TcpRecord> records() {
    std::vector<TcpRecord> out(1000);
    out.resize(ring_.drain(out));
    return out;
  }
  [[nodiscard]] uint64_t count(Counter c) const { return counters_.get(c); }

  Measurement measurement_;
  flowstats::NetworkList networks_;
  RecordRing ring_{1024, RecordRing::WhenFull::drop};
  flowstats::CounterBlock counters_;
  std::unique_ptr<FlowShard> shard_;
  Timestamp clock_ = flowstats::kNever;
};

TEST_F(FlowShardTest, FinAndFinAcknowledgedIsComplete) {
  start(Mode::tstat);
  handshake(1, kSecond);
  segment(1, 2 * kSecond, kFin | kAck, 101, 501);
  reply(1, 2 * kSecond + 1, kFin | kAck, 501, 102);
  EXPECT_TRUE(records().empty());
  segment(1, 2 * kSecond + 2, kAck, 102, 502);
  const auto r = records();
  ASSERT_EQ(r.size(), 1u);
  EXPECT_TRUE(r[0].complete);
  EXPECT_EQ(r[0].half(Side::client).core.packets, 4u);
  EXPECT_EQ(r[0].port[0], 1);
  EXPECT_EQ(r[0].port[1], 80);
  EXPECT_EQ(shard_->flows_open(), 0u);
}

TEST_F(FlowShardTest, SegmentsWithoutAFlowAreCounted) {
  start(Mode::tstat);
  segment(1, kSecond, kAck, 5, 6, 100);
  reply(1, kSecond, kSyn | kAck, 5, 6);
  EXPECT_EQ(count(Counter::segments_without_flow), 2u);
  EXPECT_EQ(count(Counter::analysed_packets), 2u);
  EXPECT_EQ(count(Counter::flows_created), 0u);
}

TEST_F(FlowShardTest, NeitherSideInternalIsCountedAndNotExported) {
  networks_.add(IpVersion::v4, {IpAddress::v4(0x0a000000), IpAddress::v4(0xff000000)});
  start(Mode::tstat);
  handshake(1, kSecond);
  segment(1, 2 * kSecond, kRst, 101);
  EXPECT_TRUE(records().empty());
  EXPECT_EQ(count(Counter::flows_dropped_not_local), 1u);
  EXPECT_EQ(shard_->flows_open(), 0u);
}

TEST_F(FlowShardTest, FullTableRefusesAndCounts) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    start(mode, 4);
    const uint64_t refused = count(Counter::flows_refused_table_full);
    for (uint16_t port = 1; port <= 6; ++port) segment(port, kSecond + port, kSyn, 1);
    EXPECT_EQ(count(Counter::flows_refused_table_full) - refused, 2u);
    shard_->finish(clock_, 1);
    EXPECT_EQ(records().size(), 4u);
    clock_ = flowstats::kNever;
  }
  EXPECT_EQ(count(Counter::dropped_table_full), 4u);
}

TEST_F(FlowShardTest, FullRecordRingIsCounted) {
  start(Mode::tstat, 5000);
  for (uint16_t port = 1; port <= 2000; ++port) {
    segment(port, kSecond + port, kSyn, 1);
    reply(port, kSecond + port, kRst, 0, 0);
  }
  EXPECT_EQ(count(Counter::flows_exported) + count(Counter::flows_dropped_queue_full), 2000u);
  EXPECT_GT(count(Counter::flows_dropped_queue_full), 900u);
  EXPECT_EQ(shard_->flows_open(), 0u);
}

TEST_F(FlowShardTest, TstatMergesAReusedPortAndCorrectedModeDoesNot) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    start(mode);
    handshake(1, kSecond, 100);
    handshake(1, 10 * kSecond, 9000);
    shard_->finish(clock_, 1);
    const auto r = records();
    ASSERT_EQ(r.size(), mode == Mode::tstat ? 1u : 2u);
    EXPECT_EQ(r[0].half(Side::client).core.syns, mode == Mode::tstat ? 2u : 1u);
    clock_ = flowstats::kNever;
  }
}

TEST_F(FlowShardTest, CorrectedModeClosesAnIdleFlowAtItsOwnNextSegment) {
  start(Mode::corrected);
  handshake(1, kSecond);
  segment(1, 302 * kSecond, kAck, 101, 501, 50);
  const auto r = records();
  ASSERT_EQ(r.size(), 1u);
  EXPECT_TRUE(r[0].complete);
  EXPECT_EQ(r[0].half(Side::client).core.data_packets, 0u);
  EXPECT_EQ(count(Counter::segments_without_flow), 1u);
}

TEST_F(FlowShardTest, CorrectedModeGivesIdleFlowsBackByTheWheel) {
  start(Mode::corrected);
  handshake(1, kSecond);
  segment(2, kSecond, kSyn, 1);
  for (int64_t s = 2; s < 400; ++s) segment(9, s * kSecond, s == 2 ? kSyn : kAck, 1);
  const auto r = records();
  ASSERT_EQ(r.size(), 2u);
  EXPECT_EQ(r[0].port[0], 2) << "the lone SYN goes after 10 s";
  EXPECT_FALSE(r[0].complete);
  EXPECT_EQ(r[1].port[0], 1);
  EXPECT_TRUE(r[1].complete);
}

TEST_F(FlowShardTest, HalfDuplexEndsTheFlowInTstatModeOnly) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    start(mode);
    segment(1, kSecond, kSyn, 100);
    segment(1, kSecond + 1, kAck, 101, 501);
    segment(1, kSecond + 2, kAck, 101, 501, 70);
    EXPECT_EQ(records().size(), mode == Mode::tstat ? 1u : 0u);
    shard_->finish(clock_, 1);
    const auto r = records();
    if (mode == Mode::corrected) {
      ASSERT_EQ(r.size(), 1u);
      EXPECT_FALSE(r[0].complete);
      EXPECT_EQ(r[0].half(Side::client).core.bytes, 70u);
    }
    clock_ = flowstats::kNever;
  }
}

TEST_F(FlowShardTest, CountersWrapInTstatModeOnly) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    start(mode);
    for (int i = 0; i < 258; ++i) segment(1, kSecond + i, kSyn, 100);
    shard_->finish(clock_, 1);
    EXPECT_EQ(records().at(0).half(Side::client).core.syns, mode == Mode::tstat ? 2u : 258u);
    clock_ = flowstats::kNever;
  }
}

TEST_F(FlowShardTest, CopiedFramesAreLeftOutWhenAskedFor) {
  for (const int64_t window_us : {0, 2000}) {
    measurement_.duplicate_window = {window_us};
    start(Mode::tstat);
    const uint64_t filtered = count(Counter::dropped_filtered);
    handshake(1, kSecond);
    segment(1, 2 * kSecond, kAck, 101, 501, 70);
    segment(1, 2 * kSecond + 2000, kAck, 101, 501, 70);  // a copy
    segment(1, 2 * kSecond + 9000, kAck, 101, 501, 70);  // too late for one
    shard_->finish(clock_, 1);
    const auto r = records();
    ASSERT_EQ(r.size(), 1u);
    EXPECT_EQ(r[0].half(Side::client).core.packets_retransmitted, window_us == 0 ? 2u : 1u);
    EXPECT_EQ(count(Counter::dropped_filtered) - filtered, window_us == 0 ? 0u : 1u);
    clock_ = flowstats::kNever;
  }
}

TEST_F(FlowShardTest, StragglersOfAClosedFlowAreTold) {
  start(Mode::tstat);
  handshake(1, kSecond);
  reply(1, 2 * kSecond, kRst, 501, 0);
  segment(1, 3 * kSecond, kAck, 101, 501, 10);
  segment(2, 3 * kSecond, kAck, 101, 501, 10);
  segment(1, 63 * kSecond, kAck, 101, 501, 10);
  EXPECT_EQ(count(Counter::segments_without_flow), 3u);
  EXPECT_EQ(count(Counter::segments_after_close), 1u);
}

TEST_F(FlowShardTest, AFinishedTraceLeavesAFreshShard) {
  start(Mode::tstat);
  handshake(1, kSecond);
  shard_->finish(clock_, 1);
  const auto first = records();
  handshake(1, kSecond);
  shard_->finish(clock_, 1);
  const auto second = records();
  ASSERT_EQ(first.size(), 1u);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(first[0].half(Side::client).core.packets, second[0].half(Side::client).core.packets);
}

}  // namespace
}  // namespace tapstat::dataplane
