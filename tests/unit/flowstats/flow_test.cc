#include "flowstats/flow.h"

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

/// A flow past its handshake, fed with segments made by hand.
class Flow : public testing::Test {
 protected:
  Flow() {
    Segment syn = segment(Direction::from_a, 0);
    syn.flags = tcp_flag::kSyn;
    syn.seq = 999;
    flow_.open(syn, NetworkList{});
    EXPECT_FALSE(flow_.update(syn, context_));
    Segment answer = segment(Direction::from_b, 0);
    answer.flags = tcp_flag::kSyn | tcp_flag::kAck;
    answer.seq = 4999;
    answer.ack = 1000;
    EXPECT_FALSE(flow_.update(answer, context_));
    EXPECT_FALSE(flow_.update(segment(Direction::from_a, 0), context_));
  }

  Segment segment(Direction from, int32_t payload) {
    Segment s;
    s.tuple =
        make_tuple({IpAddress::v4(1), 1000}, {IpAddress::v4(2), 80}, kProtocolTcp, IpVersion::v4)
            .tuple;
    s.direction = from;
    s.time = s.clock = {now_us_ += 1000};
    s.flags = tcp_flag::kAck;
    s.ttl = 60;
    s.window = 500;
    s.ip_id = next_id_++;
    uint32_t& next = next_[static_cast<size_t>(from)];
    s.seq = next;
    s.ack = next_[static_cast<size_t>(opposite(from))];
    s.payload_length = payload;
    next += static_cast<uint32_t>(payload);
    return s;
  }
  void send(Direction from, int32_t payload) {
    EXPECT_FALSE(flow_.update(segment(from, payload), context_));
  }
  [[nodiscard]] TcpRecord record() const {
    TcpRecord r;
    flow_.fill_record(r, FlowEnd::complete);
    return r;
  }

  TrackerContext context_{FlowLimits{}, Mode::tstat};
  TcpFlow flow_;
  uint32_t next_[2] = {1000, 5000};
  int64_t now_us_ = 1'600'000'000'000'000;
  uint16_t next_id_ = 1;
};

TEST_F(Flow, CountersGoOnBeyondThirtyTwoBits) {
  send(Direction::from_b, 100);
  send(Direction::from_a, 0);
  core::Hot& server = flow_.sender[1].core;
  server.packets = server.data_packets = UINT32_MAX - 1;
  flow_.cold[1].core.bytes_repeated = UINT32_MAX - 50;
  server.bytes = uint64_t{1} << 40;
  send(Direction::from_b, 100);
  send(Direction::from_b, 100);
  send(Direction::from_b, 100);
  Segment again = segment(Direction::from_b, 0);
  again.seq -= 100;
  again.payload_length = 100;
  EXPECT_FALSE(flow_.update(again, context_));
  const core::Half half = record().halves[1].core;
  EXPECT_EQ(half.packets, uint64_t{UINT32_MAX} + 3);
  EXPECT_EQ(half.data_packets, uint64_t{UINT32_MAX} + 3);
  EXPECT_EQ(half.acks, half.packets);
  EXPECT_EQ(half.bytes, (uint64_t{1} << 40) + 400);
  EXPECT_EQ(half.bytes_unique, half.bytes - (uint64_t{UINT32_MAX} + 50));
}

TEST_F(Flow, PureAcksAreWhatHasNeitherPayloadNorFlags) {
  send(Direction::from_b, 10);
  send(Direction::from_a, 0);
  send(Direction::from_a, 20);
  Segment fin = segment(Direction::from_a, 0);
  fin.flags |= tcp_flag::kFin;
  EXPECT_FALSE(flow_.update(fin, context_));
  const core::Half half = record().halves[0].core;
  EXPECT_EQ(half.packets, 5u);
  EXPECT_EQ(half.acks, 4u) << "all but the SYN";
  EXPECT_EQ(half.pure_acks, 2u);
  EXPECT_EQ(half.data_packets, 1u);
  EXPECT_EQ(half.fins, 1u);
}

TEST_F(Flow, TimesFarApartAreMeasuredExactly) {
  for (const int64_t gap_s : {3, 4'000, 40'000, 4'000'000, -90'000}) {
    send(Direction::from_b, 100);
    now_us_ += gap_s * 1'000'000;
    send(Direction::from_a, 0);
  }
  const end_to_end::Half rtt = record().halves[1].end_to_end;
  EXPECT_EQ(rtt.rtt_samples, 6u) << "with the SYN's";
  EXPECT_EQ(rtt.rtt_max.us, 4'000'000'001'000);
}

TEST_F(Flow, InOrderTransferTakesNothingOfThePools) {
  for (int round = 0; round < 1000; ++round) {
    send(Direction::from_b, 1400);
    send(Direction::from_b, 1400);
    send(Direction::from_a, 0);
  }
  EXPECT_EQ(context_.trackers_taken, 0u);
}

TEST(ExtremesTest, SmallestIsOverValuesThatAreNotZero) {
  options::Extremes e;
  e.note(0);
  EXPECT_EQ(e.max, 0u);
  EXPECT_EQ(e.min, 0u);
  for (const uint64_t value : {7, 5, 0, 9, 6}) e.note(value);
  EXPECT_EQ(e.max, 9u);
  EXPECT_EQ(e.min, 5u);
}

}  // namespace
}  // namespace tapstat::flowstats
