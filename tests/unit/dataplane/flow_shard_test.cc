#include "dataplane/flow_shard.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/flow_records.h"

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
    measurement_.limits.udp_flows_max = 20'000;
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
    if (gathering_)
      gathered_.push_back(s);
    else
      shard_->process({&s, 1}, 1);
  }
  /// From here on segments are kept for one burst.
  void gather() { gathering_ = true; }
  void process_gathered() {
    shard_->process(gathered_, 1);
    gathered_.clear();
    gathering_ = false;
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
    out.resize(tests::drain_flows(ring_, out));
    return out;
  }
  [[nodiscard]] uint64_t count(Counter c) const { return counters_.get(c); }

  Measurement measurement_;
  flowstats::NetworkList networks_;
  RecordRing ring_{1024, RecordRing::WhenFull::drop};
  flowstats::CounterBlock counters_;
  std::unique_ptr<FlowShard> shard_;
  std::vector<Segment> gathered_;
  bool gathering_ = false;
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

TEST_F(FlowShardTest, AFullTableRefusesAndCountsInTstatMode) {
  start(Mode::tstat, 4);
  for (uint16_t port = 1; port <= 6; ++port) segment(port, kSecond + port, kSyn, 1);
  EXPECT_EQ(count(Counter::flows_refused_table_full), 2u);
  EXPECT_EQ(count(Counter::dropped_table_full), 2u);
  EXPECT_EQ(count(Counter::flows_evicted), 0u);
  shard_->finish(clock_, 1);
  EXPECT_EQ(records().size(), 4u);
}

TEST_F(FlowShardTest, AFullNurseryEvictsTheOldestInCorrectedMode) {
  measurement_.limits.half_open_flows_max = 4;
  start(Mode::corrected, 4);
  for (uint16_t port = 1; port <= 6; ++port) segment(port, 5 * kSecond + port, kSyn, 1);
  EXPECT_EQ(count(Counter::flows_refused_table_full), 0u);
  EXPECT_EQ(count(Counter::flows_evicted), 2u);
  const auto evicted = records();
  ASSERT_EQ(evicted.size(), 2u);
  EXPECT_EQ(evicted[0].port[0], 1);
  EXPECT_EQ(evicted[1].port[0], 2);
  EXPECT_FALSE(evicted[0].complete);
  EXPECT_EQ(evicted[0].half(Side::client).core.syns, 1u);
  EXPECT_EQ(shard_->flows_open(), 4u);
  shard_->finish(clock_, 1);
  EXPECT_EQ(records().size(), 4u);
}

TEST_F(FlowShardTest, AFullTableEvictsTheFlowThatIsSilentLongest) {
  start(Mode::corrected, 4);
  for (uint16_t port = 1; port <= 4; ++port) handshake(port, port * kSecond);
  segment(1, 6 * kSecond, kAck, 101, 501, 50);
  // A handshake that has just begun takes nobody's place ...
  for (uint16_t port = 5; port <= 9; ++port) segment(port, 7 * kSecond, kSyn, 1);
  segment(10, 7 * kSecond, kSyn | kRst, 1);  // a whole flow by itself
  EXPECT_EQ(records().size(), 1u);
  EXPECT_EQ(count(Counter::flows_evicted), 0u);
  // ... until it is answered.
  reply(5, 7 * kSecond + 5, kSyn | kAck, 500, 2);
  const auto evicted = records();
  ASSERT_EQ(evicted.size(), 1u);
  EXPECT_EQ(evicted[0].port[0], 2);
  EXPECT_TRUE(evicted[0].complete) << "as by a time-out: both SYNs were seen";
  EXPECT_EQ(evicted[0].half(Side::client).core.packets, 2u);
  EXPECT_EQ(count(Counter::flows_evicted), 1u);
  EXPECT_EQ(shard_->flows_open(), 8u);
  shard_->finish(clock_, 1);
  EXPECT_EQ(records().size(), 8u);
}

/// Full entries whose only packets are SYNs have nobody at the other end.
TEST_F(FlowShardTest, AFullTableEvictsUnansweredFlowsFirst) {
  start(Mode::corrected, 4);
  for (uint16_t port = 1; port <= 3; ++port) handshake(port, kSecond);
  segment(4, 7 * kSecond, kSyn, 1);
  segment(4, 7 * kSecond + 5, kSyn, 1);
  handshake(5, 8 * kSecond);
  const auto evicted = records();
  ASSERT_EQ(evicted.size(), 1u);
  EXPECT_EQ(evicted[0].port[0], 4);
}

TEST_F(FlowShardTest, WhatOpensTooFastIsRefusedAndCounted) {
  measurement_.limits.new_flows_per_s_max = 10;
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    start(mode);
    const uint64_t before = count(Counter::flows_refused_rate);
    for (uint16_t port = 1; port <= 15; ++port) segment(port, kSecond + port, kSyn, 1);
    reply(3, kSecond + 100, kSyn | kAck, 500, 2);  // a flow that is known goes on
    EXPECT_EQ(count(Counter::flows_refused_rate) - before, 5u);
    EXPECT_EQ(count(Counter::dropped_flow_rate), count(Counter::flows_refused_rate));
    EXPECT_EQ(shard_->flows_open(), 10u);
    segment(15, 2 * kSecond, kSyn, 1);
    EXPECT_EQ(shard_->flows_open(), 11u);
    shard_->finish(clock_, 1);
    EXPECT_EQ(records().size(), 11u);
    clock_ = flowstats::kNever;
  }
}

TEST_F(FlowShardTest, AFloodOfSynsTakesTheNurseryOnly) {
  measurement_.limits.half_open_flows_max = 10;
  start(Mode::corrected);
  handshake(1, kSecond);
  for (uint16_t port = 1000; port < 1500; ++port) segment(port, kSecond + port, kSyn, 1);
  EXPECT_EQ(count(Counter::flows_evicted), 490u);
  EXPECT_EQ(shard_->flows_open(), 11u);
  EXPECT_EQ(shard_->use().half_open_peak, 10u);
  segment(1, 2 * kSecond, kAck, 101, 501, 50);
  EXPECT_EQ(count(Counter::segments_without_flow), 0u) << "the connection is still known";
  EXPECT_EQ(records().size(), 490u);
  shard_->finish(clock_, 1);
  EXPECT_EQ(records().size(), 11u);
}

TEST_F(FlowShardTest, AFullNurseryOpensFullFlowsInTstatMode) {
  measurement_.limits.half_open_flows_max = 10;
  start(Mode::tstat);
  for (uint16_t port = 1; port <= 50; ++port) segment(port, kSecond + port, kSyn, 1);
  EXPECT_EQ(shard_->flows_open(), 50u);
  EXPECT_EQ(shard_->use().half_open_peak, 10u);
  shard_->finish(clock_, 1);
  const auto r = records();
  ASSERT_EQ(r.size(), 50u);
  for (uint16_t i = 0; i < 50; ++i) EXPECT_EQ(r[i].port[0], i + 1) << "in the order of slots";
}

TEST_F(FlowShardTest, ASynWithResetIsAFlowOfOneSegment) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    start(mode);
    segment(1, kSecond, kSyn | kRst, 1);
    const auto r = records();
    ASSERT_EQ(r.size(), 1u);
    EXPECT_EQ(r[0].half(Side::client).core.rsts, 1u);
    EXPECT_EQ(shard_->flows_open(), 0u);
    clock_ = flowstats::kNever;
  }
}

/// However many flows are overdue, a burst ends a bounded number of them.
TEST_F(FlowShardTest, TimeOutsAreSpreadOverBursts) {
  start(Mode::corrected, 2000);
  for (uint16_t port = 1; port <= 300; ++port) handshake(port, kSecond + port);
  for (uint16_t port = 301; port <= 600; ++port) segment(port, kSecond + port, kSyn, 1);
  size_t ended = 0;
  for (int64_t burst = 0; burst < 12; ++burst) {
    segment(9'999, 1'000 * kSecond + burst, kAck, 1);
    const size_t now = records().size();
    EXPECT_LE(now, 64u);
    ended += now;
  }
  EXPECT_EQ(ended, 600u);
  EXPECT_EQ(shard_->flows_open(), 0u);
}

/// Several segments of a flow in one burst see what those before them did: the flow opens, ends,
/// and opens again.
TEST_F(FlowShardTest, ABurstMayHoldAWholeLife) {
  for (const Mode mode : {Mode::tstat, Mode::corrected}) {
    start(mode);
    const uint64_t strays = count(Counter::segments_without_flow);
    gather();
    handshake(1, kSecond);
    reply(1, 2 * kSecond, kRst, 501, 0);
    segment(1, 3 * kSecond, kAck, 101, 501, 10);  // too late
    handshake(1, 4 * kSecond, 9000);
    reply(1, 5 * kSecond, kRst, 501, 0);
    process_gathered();
    EXPECT_EQ(records().size(), 2u);
    EXPECT_EQ(count(Counter::segments_without_flow) - strays, 1u);
    // Again, with the candidates of the whole burst in a table that knows the flow.
    handshake(1, 6 * kSecond, 20'000);
    gather();
    reply(1, 7 * kSecond, kRst, 501, 0);
    segment(1, 8 * kSecond, kAck, 101, 501, 10);
    segment(2, 8 * kSecond, kSyn, 1);  // takes the entry that has become free
    segment(1, 8 * kSecond, kAck, 101, 501, 10);
    process_gathered();
    EXPECT_EQ(records().size(), 1u);
    EXPECT_EQ(count(Counter::segments_without_flow) - strays, 3u);
    EXPECT_EQ(shard_->flows_open(), 1u);
    shard_->finish(clock_, 1);
    EXPECT_EQ(records().size(), 1u);
    clock_ = flowstats::kNever;
  }
}

TEST_F(FlowShardTest, UseAndBytesFollowTheLimits) {
  measurement_.limits.half_open_flows_max = 999;
  start(Mode::corrected, 1000);
  const size_t small = shard_->bytes() - shard_->bytes_on_use();
  for (uint16_t port = 1; port <= 500; ++port) segment(port, kSecond + port, kSyn, 1);
  EXPECT_EQ(shard_->use().flows_max, 2000u);
  EXPECT_EQ(shard_->use().flows_peak, 500u);
  EXPECT_NEAR(shard_->use().table_load_peak, 0.125, 0.01);
  EXPECT_GE(shard_->use().longest_probe, 1u);
  start(Mode::corrected, 1'001'000);
  const double for_each =
      static_cast<double>(shard_->bytes() - shard_->bytes_on_use() - small) / 1e6;
  EXPECT_GE(for_each, sizeof(flowstats::TcpFlow) + 18.0);
  EXPECT_LE(for_each, sizeof(flowstats::TcpFlow) + 20.0 + 8) << "index and timer";
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
