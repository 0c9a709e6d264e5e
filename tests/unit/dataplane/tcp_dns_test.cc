#include "dataplane/tcp_dns.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/dns_builder.h"
#include "tests/support/flow_records.h"

namespace tapstat::dataplane {
namespace {

using flowstats::DnsRecord;
using flowstats::Ends;
using flowstats::IpAddress;
using flowstats::Log;
using flowstats::RecordKind;
using flowstats::Timestamp;
using flowstats::layer7::DnsStream;
using flowstats::layer7::kClient;
using flowstats::layer7::kServer;
using flowstats::layer7::TcpSegmentView;
using tests::DnsBuilder;
using tests::Drained;
using Bytes = std::vector<uint8_t>;

constexpr uint16_t kTypeA = 1;

Bytes query(uint16_t id, const std::string& name = "www.example.org") {
  return DnsBuilder(id, tests::kDnsQuery, {}).question(name, kTypeA).bytes();
}
/// An answer with one address, longer by `padding` bytes behind it.
Bytes answer(uint16_t id, size_t padding = 0, const std::string& name = "www.example.org") {
  Bytes bytes = DnsBuilder(id, tests::kDnsAnswer, {.answers = 1})
                    .question(name, kTypeA)
                    .record(name, kTypeA, {198, 51, 100, 20})
                    .bytes();
  bytes.resize(bytes.size() + padding);
  return bytes;
}
/// As one direction of a connection carries them (RFC 1035 section 4.2.2).
Bytes stream_of(const std::vector<Bytes>& messages) {
  Bytes stream;
  for (const Bytes& message : messages) {
    stream.push_back(static_cast<uint8_t>(message.size() >> 8));
    stream.push_back(static_cast<uint8_t>(message.size()));
    stream.insert(stream.end(), message.begin(), message.end());
  }
  return stream;
}

class TcpDnsTest : public testing::Test {
 protected:
  TcpDnsTest() {
    ends_.address = {IpAddress::v4(0xc000020a), IpAddress::v4(0xcb007135)};
    ends_.port = {40'000, TcpDns::kPort};
    ends_.internal = {true, false};
  }
  /// Bytes [from, to) of a side's stream in one segment.
  void segment(const Bytes& stream, size_t from, size_t to, size_t side = kServer,
               int64_t at_us = 9, uint32_t entry = 0) {
    TcpSegmentView view;
    view.side = side;
    view.offset = static_cast<uint32_t>(from);
    view.payload = {stream.data() + from, to - from};
    view.length = static_cast<int32_t>(to - from);
    view.time = Timestamp{at_us};
    dns_.on_segment(entry, view, ends_);
  }
  void whole(const Bytes& stream, size_t side = kServer, int64_t at_us = 9, uint32_t entry = 0) {
    segment(stream, 0, stream.size(), side, at_us, entry);
  }
  /// Messages handed out since the last call.
  std::vector<Bytes> messages() {
    ring_.publish({1});
    const Drained drained(ring_);
    std::vector<Bytes> all;
    for (const auto* record : drained.of<DnsRecord>(RecordKind::dns_message)) {
      const std::string_view text = text_of(*record, record->message);
      all.emplace_back(text.begin(), text.end());
    }
    return all;
  }

  static constexpr uint32_t kFlows = TcpDns::kFlowsMax + 1;
  Ends ends_;
  RecordRing ring_{1024, RecordRing::WhenFull::drop};
  flowstats::CounterBlock counters_;
  RecordOutlet outlet_{ring_, counters_};
  TcpDns dns_{kFlows, outlet_};
};

TEST_F(TcpDnsTest, IsReadAtOnePortOfEitherSide) {
  const auto tuple = [](uint16_t a, uint16_t b) {
    return flowstats::make_tuple({IpAddress::v4(1), a}, {IpAddress::v4(2), b},
                                 flowstats::kProtocolTcp, flowstats::IpVersion::v4)
        .tuple;
  };
  EXPECT_TRUE(TcpDns::is_dns(tuple(40'000, 53)));
  EXPECT_TRUE(TcpDns::is_dns(tuple(53, 40'000)));
  EXPECT_FALSE(TcpDns::is_dns(tuple(40'000, 853)));
}

TEST_F(TcpDnsTest, AMessageGoesToTheWriterWithItsConversation) {
  whole(stream_of({query(7)}), kClient, 5);
  whole(stream_of({answer(7)}), kServer, 9);
  ring_.publish({1});
  const Drained drained(ring_);
  const auto records = drained.of<DnsRecord>(RecordKind::dns_message);
  ASSERT_EQ(records.size(), 1U) << "no log wants the query";
  const DnsRecord& record = *records[0];
  EXPECT_TRUE(record.for_names);
  EXPECT_FALSE(record.for_log);
  EXPECT_EQ(record.ends.port[0], 53) << "the sender of the segment";
  EXPECT_EQ(record.ends.port[1], 40'000);
  EXPECT_FALSE(record.ends.internal[0]);
  EXPECT_TRUE(record.ends.internal[1]);
  EXPECT_EQ(record.client, ends_.address[0]);
  EXPECT_EQ(record.resolver, ends_.address[1]);
  EXPECT_EQ(record.time.us, 9);
  EXPECT_EQ(record.query_time.us, 5);
  EXPECT_EQ(record.answer_time.us, 9);
}

TEST_F(TcpDnsTest, TheLogGetsQueriesToo) {
  outlet_.logs.set(Log::dns_complete, true);
  whole(stream_of({query(7)}), kClient);
  whole(stream_of({answer(7)}), kServer);
  EXPECT_EQ(messages(), (std::vector<Bytes>{query(7), answer(7)}));
}

TEST_F(TcpDnsTest, TheLengthMayComeInPieces) {
  const Bytes stream = stream_of({answer(7), answer(8)});
  segment(stream, 0, 1);
  EXPECT_TRUE(messages().empty());
  segment(stream, 1, 2);
  EXPECT_TRUE(messages().empty());
  const size_t second = stream.size() / 2;
  segment(stream, 2, second + 1);  // one byte of the next length
  EXPECT_EQ(messages(), std::vector<Bytes>{answer(7)});
  segment(stream, second + 1, stream.size());
  EXPECT_EQ(messages(), std::vector<Bytes>{answer(8)});
}

TEST_F(TcpDnsTest, ASegmentMayHoldSeveralMessages) {
  const std::vector<Bytes> all = {answer(1), answer(2, 0, "a.example"), answer(3, 900)};
  whole(stream_of(all));
  EXPECT_EQ(messages(), all);
}

TEST_F(TcpDnsTest, SegmentsMayComeOutOfOrderAndAgain) {
  const std::vector<Bytes> all = {answer(1, 500), answer(2, 500), answer(3, 500)};
  const Bytes stream = stream_of(all);
  const size_t third = stream.size() / 3;
  segment(stream, third, 2 * third);
  segment(stream, third, 2 * third);
  EXPECT_TRUE(messages().empty());
  segment(stream, 0, third);
  segment(stream, third / 2, 2 * third);  // bytes of both that came before
  segment(stream, 2 * third, stream.size());
  whole(stream);
  EXPECT_EQ(messages(), all) << "each message once";
}

TEST_F(TcpDnsTest, AMessageThatIsTooLongIsPassedOver) {
  const Bytes stream = stream_of({answer(1), answer(2, DnsStream::kMessageBytesMax), answer(3)});
  for (size_t at = 0; at < stream.size(); at += 1460)
    segment(stream, at, std::min(stream.size(), at + 1460));
  EXPECT_EQ(messages(), (std::vector<Bytes>{answer(1), answer(3)}));
  EXPECT_EQ(counters_.get(flowstats::Counter::dns_messages_too_long), 1U);
}

TEST_F(TcpDnsTest, WhatAnswersNothingIsNoName) {
  Bytes failed = answer(7);
  failed[3] = 0x83;  // no such name
  whole(stream_of({failed, query(8), Bytes(5, 'x')}));
  EXPECT_TRUE(messages().empty());
}

TEST_F(TcpDnsTest, DirectionsAndFlowsAreApart) {
  const Bytes stream = stream_of({answer(7)});
  segment(stream, 0, 20, kServer, 1, 0);
  segment(stream, 20, stream.size(), kServer, 2, 1);
  segment(stream, 20, stream.size(), kClient, 3, 0);
  EXPECT_TRUE(messages().empty());
  segment(stream, 20, stream.size(), kServer, 4, 0);
  EXPECT_EQ(messages().size(), 1U);
}

TEST_F(TcpDnsTest, WithoutAPlaceAFlowIsNotReadUntilOneIsGivenBack) {
  const Bytes stream = stream_of({answer(7)});
  const uint32_t last = TcpDns::kFlowsMax;
  segment(stream_of({answer(8, 100)}), 0, 30, kServer, 1, 0);
  for (uint32_t entry = 1; entry < last; ++entry) segment(stream, 0, 4, kServer, 1, entry);
  whole(stream, kServer, 2, last);
  EXPECT_TRUE(messages().empty()) << "all places are taken";
  EXPECT_EQ(counters_.get(flowstats::Counter::dns_segments_unread), 1U);
  dns_.end(last);  // has none
  dns_.end(0);
  whole(stream, kServer, 3, last);
  EXPECT_EQ(messages(), std::vector<Bytes>{answer(7)}) << "nothing is left of the flow before";
  segment(stream, 4, stream.size(), kServer, 4, 1);
  EXPECT_EQ(messages().size(), 1U) << "the others were not disturbed";
}

}  // namespace
}  // namespace tapstat::dataplane
