#include "flowstats/half_open_flow.h"

#include <random>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "flowstats/columns/layouts.h"

namespace tapstat::flowstats {
namespace {

Segment any_syn(std::mt19937& random) {
  Segment s;
  s.tuple.a_address = IpAddress::v4(static_cast<uint32_t>(random()));
  s.tuple.b_address = IpAddress::v4(static_cast<uint32_t>(random()));
  s.tuple.a_port = static_cast<uint16_t>(random());
  s.tuple.protocol = kProtocolTcp;
  s.hash = hash_tuple(s.tuple, 1);
  s.time = Timestamp{static_cast<int64_t>(random())};
  s.clock = s.time + Duration{static_cast<int64_t>(random() % 1000)};
  s.seq = static_cast<uint32_t>(random());
  s.ack = static_cast<uint32_t>(random());
  s.payload_length = random() % 2 == 0 ? 0 : static_cast<int32_t>(random() % 1400);
  s.window = static_cast<uint16_t>(random());
  s.ip_id = static_cast<uint16_t>(random());
  s.direction = random() % 2 == 0 ? Direction::from_a : Direction::from_b;
  s.flags = static_cast<uint8_t>(tcp_flag::kSyn |
                                 (random() & (tcp_flag::kFin | tcp_flag::kPsh | tcp_flag::kUrg)));
  s.ttl = static_cast<uint8_t>(random());
  s.options.seen = static_cast<uint8_t>(random() & 31);
  s.options.window_scale = static_cast<uint8_t>(random() % 20);
  s.options.mss = static_cast<uint16_t>(random());
  return s;
}

struct SameCell {
  template <class A, class B>
  bool operator()(const A&, const B&) const {
    return false;
  }
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
  bool operator()(const Address& a, const Address& b) const {
    return a.address == b.address && a.version == b.version;
  }
  bool operator()(const Absent& a, const Absent& b) const { return a.text == b.text; }
};

void expect_same_columns(const TcpFlow& one, const TcpFlow& other) {
  TcpRecord a, b;
  one.fill_record(a, one.end_by_timeout());
  other.fill_record(b, other.end_by_timeout());
  for (const TcpColumn& column : columns_of(Schema::tstat_3_3, Log::tcp_complete))
    EXPECT_TRUE(std::visit(SameCell{}, column.spec->read(a, column.side),
                           column.spec->read(b, column.side)))
        << column.text();
}

TEST(HalfOpenFlow, GrowsIntoTheFlowItWouldHaveBeen) {
  std::mt19937 random(4);
  const NetworkList networks;
  for (const Mode mode : {Mode::tstat, Mode::corrected})
    for (int i = 0; i < 500; ++i) {
      TrackerContext context(FlowLimits{}, mode);
      const Segment syn = any_syn(random);
      TcpFlow at_once, later;
      at_once.open(syn, networks);
      ASSERT_FALSE(at_once.update(syn, context)) << "it would not have been half-open";
      HalfOpenFlow half_open;
      half_open.open(syn);
      half_open.grow_into(later, networks, context);
      expect_same_columns(at_once, later);
      // And goes on alike: the answer finds the same state.
      Segment answer = any_syn(random);
      answer.tuple = syn.tuple;
      answer.direction = opposite(syn.direction);
      answer.flags |= tcp_flag::kAck;
      answer.ack = syn.seq + 1;
      EXPECT_EQ(at_once.update(answer, context), later.update(answer, context));
      expect_same_columns(at_once, later);
    }
}

TEST(HalfOpenFlow, ExpiresWithTheFlowItWouldHaveBeen) {
  std::mt19937 random(5);
  const NetworkList networks;
  TrackerContext context(FlowLimits{}, Mode::corrected);
  const Segment syn = any_syn(random);
  TcpFlow flow;
  flow.open(syn, networks);
  ASSERT_FALSE(flow.update(syn, context));
  for (const auto& [idle, singleton] : {std::pair{300, 10}, {10, 300}, {7, 7}}) {
    FlowTimeouts timeouts;
    timeouts.tcp_idle = seconds(idle);
    timeouts.tcp_singleton = seconds(singleton);
    for (const int64_t after_us : {int64_t{-5}, int64_t{0}, seconds(7).us, seconds(7).us + 1,
                                   seconds(10).us, seconds(10).us + 1, seconds(301).us}) {
      const Timestamp now{syn.clock.us + after_us};
      EXPECT_EQ(HalfOpenFlow::expired(syn.clock, now, timeouts),
                flow.expired(syn.clock, now, timeouts))
          << idle << ' ' << singleton << ' ' << after_us;
    }
  }
}

TEST(HalfOpenFlow, KeepsNoPointerIntoThePacket) {
  const uint8_t bytes[4] = {};
  Segment syn;
  syn.payload_bytes = bytes;
  syn.payload_captured = sizeof bytes;
  HalfOpenFlow flow;
  flow.open(syn);
  EXPECT_EQ(flow.opening.payload().size(), 0u);
}

}  // namespace
}  // namespace tapstat::flowstats
