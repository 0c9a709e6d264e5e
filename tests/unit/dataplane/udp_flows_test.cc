#include "dataplane/udp_flows.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/flow_shard.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::Endpoint;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Log;
using flowstats::Measurement;
using flowstats::Mode;
using flowstats::RecordKind;
using flowstats::Segment;
using flowstats::Timestamp;
using flowstats::UdpIntervalRecord;
using flowstats::UdpRecord;

constexpr int64_t kSecondUs = 1'000'000;
const Endpoint kServer{IpAddress::v4(0xc6336414), 9999};

/// A shard that gets datagrams between one server and clients that differ in their ports.
class UdpFlowsTest : public testing::TestWithParam<Mode> {
 protected:
  void SetUp() override {
    measurement_.mode = GetParam();
    measurement_.limits.tcp_flows_max = 100;
    measurement_.limits.udp_flows_max = 8;
  }
  void start() { shard_ = std::make_unique<FlowShard>(measurement_, networks_, ring_, counters_); }

  void datagram(uint16_t port, int64_t at_us, const std::string& payload, bool reply = false,
                Endpoint server = kServer) {
    if (!shard_) start();
    const Endpoint client{IpAddress::v4(0xc000020a), port};
    const auto directed = reply
                              ? make_tuple(server, client, flowstats::kProtocolUdp, IpVersion::v4)
                              : make_tuple(client, server, flowstats::kProtocolUdp, IpVersion::v4);
    Segment s;
    s.tuple = directed.tuple;
    s.direction = directed.direction;
    s.hash = hash_tuple(s.tuple, measurement_.hash_seed);
    s.time = {at_us};
    clock_ = std::max(clock_, s.time);
    s.clock = clock_;
    s.payload_length = static_cast<int32_t>(payload.size());
    s.seq = s.ack = static_cast<uint32_t>(payload.size()) + 8;
    s.payload_bytes = reinterpret_cast<const uint8_t*>(payload.data());
    s.payload_captured = static_cast<uint16_t>(payload.size());
    shard_->note_ip_packet(s.time);
    shard_->process({&s, 1}, 1);
  }
  void finish() { shard_->finish(clock_, 1); }

  template <class Record>
  std::vector<Record> records(RecordKind kind) {
    flowstats::RecordBuffer batch(4096, 100);
    static_cast<void>(ring_.drain(batch, flowstats::kAlways));
    std::vector<Record> found;
    batch.for_each([&](const flowstats::RecordHead& head) {
      if (head.kind == kind) found.push_back(static_cast<const Record&>(head));
    });
    return found;
  }
  [[nodiscard]] uint64_t count(Counter c) const { return counters_.get(c); }

  Measurement measurement_;
  flowstats::NetworkList networks_;
  RecordRing ring_{1024, RecordRing::WhenFull::drop};
  flowstats::CounterBlock counters_;
  std::unique_ptr<FlowShard> shard_;
  Timestamp clock_{0};
};

TEST_P(UdpFlowsTest, CountsBothSidesFromTheFirstSender) {
  datagram(4000, 10, "hello", true);  // the one with port 9999 speaks first: it is the client
  datagram(4000, 30, "answer");
  datagram(4000, 70, "more", true);
  finish();
  const auto flows = records<UdpRecord>(RecordKind::udp_flow);
  ASSERT_EQ(flows.size(), 1U);
  const UdpRecord& flow = flows[0];
  EXPECT_EQ(flow.ends.port[0], 9999);
  EXPECT_EQ(flow.ends.port[1], 4000);
  EXPECT_EQ(flow.first.us, 10);
  EXPECT_EQ(flow.halves[0].packets, 2U);
  EXPECT_EQ(flow.halves[0].bytes, 9U);
  EXPECT_EQ(flow.halves[0].last.us, 70);
  EXPECT_EQ(flow.halves[1].packets, 1U);
  EXPECT_EQ(flow.halves[1].first.us, 30);
  EXPECT_EQ(count(Counter::udp_flows_created), 1U);
  EXPECT_EQ(count(Counter::udp_flows_exported), 1U);
  EXPECT_EQ(count(Counter::analysed_packets), 3U);
}

TEST_P(UdpFlowsTest, ASingleDatagramIsForgottenSooner) {
  datagram(4000, 0, "single");
  datagram(4001, 0, "pair");
  datagram(4001, 1, "pair");
  // Another flow each second turns the timers of either mode.
  for (int64_t second = 1; second <= 30; ++second)
    datagram(static_cast<uint16_t>(5000 + second % 2), second * kSecondUs, "tick");
  auto flows = records<UdpRecord>(RecordKind::udp_flow);
  if (GetParam() == Mode::tstat) {
    datagram(4100, 31 * kSecondUs, "a new flow makes the sweep run");
    for (auto& flow : records<UdpRecord>(RecordKind::udp_flow)) flows.push_back(flow);
  }
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_EQ(flows[0].ends.port[0], 4000);
}

TEST_P(UdpFlowsTest, WhoIsNotInternalHasNoRow) {
  networks_.add(IpVersion::v4, {IpAddress::v4(0x0a000000), IpAddress::v4(0xff000000)});
  datagram(4000, 0, "both outside");
  finish();
  EXPECT_TRUE(records<UdpRecord>(RecordKind::udp_flow).empty());
  EXPECT_EQ(count(Counter::udp_flows_dropped_not_local), 1U);
}

TEST_P(UdpFlowsTest, AFullTableRefusesOrMakesRoomAndSaysSo) {
  for (uint16_t i = 0; i < 20; ++i) datagram(static_cast<uint16_t>(4000 + i), i, "x");
  finish();
  const uint64_t places = 8;
  if (GetParam() == Mode::tstat) {
    EXPECT_EQ(count(Counter::udp_flows_created), places);
    EXPECT_EQ(count(Counter::udp_flows_refused_table_full), 20 - places);
    EXPECT_EQ(count(Counter::dropped_table_full), 20 - places);
  } else {
    EXPECT_EQ(count(Counter::udp_flows_created), 20U);
    EXPECT_EQ(count(Counter::udp_flows_evicted), 20 - places);
  }
  EXPECT_EQ(count(Counter::udp_flows_exported), count(Counter::udp_flows_created));
  EXPECT_EQ(records<UdpRecord>(RecordKind::udp_flow).size(), count(Counter::udp_flows_exported));
}

/// Corrected mode; Tstat's table refuses.
class PlacesOfUdpFlows : public UdpFlowsTest {};

/// A flood of single datagrams goes round among itself.
TEST_P(PlacesOfUdpFlows, AFloodTakesNoConversationsPlace) {
  for (const uint16_t port : {1, 2, 3, 4, 5}) {
    datagram(port, port, "question");
    datagram(port, port + 10, "answer", true);
  }
  for (uint16_t i = 0; i < 500; ++i) datagram(static_cast<uint16_t>(4000 + i), 100 + i, "x");
  for (const auto& flow : records<UdpRecord>(RecordKind::udp_flow))
    EXPECT_GE(flow.ends.port[0], 4000);
  EXPECT_EQ(count(Counter::udp_flows_evicted), 500U - 3U);
  datagram(4499, 700, "an answer to the newest", true);
  for (const uint16_t port : {1, 2, 3, 4, 5}) datagram(port, 800, "more");
  finish();
  EXPECT_EQ(count(Counter::udp_flows_created), 505U);
}

/// Three quarters of the places at most; the one that was silent longest makes room.
TEST_P(PlacesOfUdpFlows, ConversationsLeavePlacesForSingleDatagrams) {
  for (uint16_t port = 1; port <= 8; ++port) {
    datagram(port, port * kSecondUs, "question");
    datagram(port, port * kSecondUs + 10, "answer", true);
    datagram(1, port * kSecondUs + 20, "never silent for long");
  }
  const auto ended = records<UdpRecord>(RecordKind::udp_flow);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].ends.port[0], 2);
  EXPECT_EQ(ended[1].ends.port[0], 3);
  EXPECT_EQ(count(Counter::udp_flows_evicted), 2U);
}

TEST_P(UdpFlowsTest, ATinyTableStillWorks) {
  measurement_.limits.udp_flows_max = 1;
  for (uint16_t i = 0; i < 20; ++i) {
    datagram(static_cast<uint16_t>(4000 + i), 10 * i, "question");
    datagram(static_cast<uint16_t>(4000 + i), 10 * i + 1, "answer", true);
  }
  finish();
  EXPECT_EQ(records<UdpRecord>(RecordKind::udp_flow).size(), count(Counter::udp_flows_created));
}

TEST_P(UdpFlowsTest, WhatOpensTooFastIsRefusedAndCounted) {
  measurement_.limits.new_flows_per_s_max = 3;
  for (uint16_t i = 0; i < 8; ++i) datagram(static_cast<uint16_t>(4000 + i % 4), i, "x");
  EXPECT_EQ(count(Counter::udp_flows_created), 3U);
  EXPECT_EQ(count(Counter::udp_flows_refused_rate), 2U);
  EXPECT_EQ(count(Counter::dropped_flow_rate), 2U);
  EXPECT_EQ(count(Counter::analysed_packets), 6U);
}

TEST_P(UdpFlowsTest, IntervalsHoldWhatWasCountedSinceTheLastLine) {
  start();
  flowstats::ActiveConfig config;
  config.logs.set(Log::udp_periodic, true);
  shard_->follow(config);
  datagram(4000, 0, "one");
  datagram(4000, kSecondUs, "exactly one interval ends none");
  datagram(4000, 2 * kSecondUs, "third");
  datagram(4000, 2 * kSecondUs + 1, "back", true);
  finish();
  const auto lines = records<UdpIntervalRecord>(RecordKind::udp_interval);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].start.us, 0);
  EXPECT_EQ(lines[0].end.us, kSecondUs);
  EXPECT_EQ(lines[0].halves[0].packets, 2U);
  EXPECT_EQ(lines[0].halves[0].bytes, 3U + 30U);
  EXPECT_EQ(lines[1].start.us, 2 * kSecondUs);
  EXPECT_EQ(lines[1].end.us, 2 * kSecondUs + 1);
  EXPECT_EQ(lines[1].halves[0].packets, 1U);
  EXPECT_EQ(lines[1].halves[1].packets, 1U);
  EXPECT_EQ(lines[1].halves[1].bytes, 4U);
}

TEST_P(UdpFlowsTest, AnswersOfNameServersGoToTheWriter) {
  const std::string query = std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) +
                            std::string("\x03www\x00\x00\x01\x00\x01", 9);
  std::string answer = query;
  answer[2] = static_cast<char>(0x81);
  answer[7] = 1;  // one answer; what it says is the writer's business
  const Endpoint resolver{IpAddress::v4(0xcb007135), 53};
  datagram(4000, 5, query, false, resolver);
  datagram(4000, 9, answer, true, resolver);
  flowstats::RecordBuffer batch(4096, 100);
  ASSERT_EQ(ring_.drain(batch, flowstats::kAlways), 1U) << "no log wants the query";
  const auto& record = static_cast<const flowstats::DnsRecord&>(batch.record_at(0));
  ASSERT_EQ(record.kind, RecordKind::dns_message);
  EXPECT_TRUE(record.for_names);
  EXPECT_FALSE(record.for_log);
  EXPECT_EQ(record.ends.port[0], 53) << "the sender of the packet";
  EXPECT_EQ(record.client, IpAddress::v4(0xc000020a));
  EXPECT_EQ(record.resolver, resolver.address);
  EXPECT_EQ(record.query_time.us, 5);
  EXPECT_EQ(record.answer_time.us, 9);
  EXPECT_EQ(text_of(record, record.message), answer);
}

INSTANTIATE_TEST_SUITE_P(Modes, PlacesOfUdpFlows, testing::Values(Mode::corrected));
INSTANTIATE_TEST_SUITE_P(Modes, UdpFlowsTest, testing::Values(Mode::tstat, Mode::corrected),
                         [](const auto& mode) {
                           return mode.param == Mode::tstat ? "tstat" : "corrected";
                         });

}  // namespace
}  // namespace tapstat::dataplane
