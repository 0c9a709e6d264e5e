#include "dataplane/parse_burst.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/packet_buffer.h"
#include "tests/support/packet_builder.h"
#include "tests/support/parse_ways.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::Mode;
using flowstats::Segment;
using flowstats::Timestamp;
using tests::FrameBytes;
using tests::PacketBuilder;
namespace opt = tests::tcp_option;

PacketBuilder on_ethernet() { return PacketBuilder().ethernet(); }

FrameBytes timestamps() {
  return opt::join({opt::no_operation(), opt::no_operation(), opt::timestamps(1, 2)});
}

/// Plain frames and some that are nearly plain.
std::vector<FrameBytes> originals() {
  const FrameBytes sack =
      opt::join({timestamps(), opt::no_operation(), opt::no_operation(), opt::sack({{1, 2}})});
  const FrameBytes sixteen_bytes(16, 1);
  return {
      on_ethernet().ipv4().tcp({.flags = tests::kAck}).build(),
      on_ethernet().ipv4().tcp({.flags = tests::kAck, .options = timestamps()}).payload(30).build(),
      on_ethernet().ipv4().tcp({.flags = tests::kAck, .options = sack}).payload(3).build(),
      on_ethernet().ipv4().tcp({.options = sixteen_bytes}).payload(4).build(),
      on_ethernet().ipv4().udp().payload(20).build(),
      on_ethernet().ipv6().tcp({.flags = tests::kAck, .options = timestamps()}).payload(8).build(),
      on_ethernet().ipv6().tcp({.options = sack}).build(),
      on_ethernet().ipv6().udp().payload(20).build(),
      // Equal endpoints, and equal addresses only.
      on_ethernet()
          .ipv4({.source = "10.0.0.1", .destination = "10.0.0.1"})
          .tcp({.source_port = 80, .destination_port = 80})
          .build(),
      on_ethernet()
          .ipv6({.source = "2001:db8::1", .destination = "2001:db8::1"})
          .tcp({.source_port = 80, .destination_port = 80})
          .build(),
      on_ethernet()
          .ipv6({.source = "2001:db8::1", .destination = "2001:db8::1"})
          .tcp({.source_port = 80, .destination_port = 79})
          .build(),
      on_ethernet().vlan(7).ipv4().tcp().payload(5).build(),
      on_ethernet().vlan(7).ipv6().udp().payload(5).build(),
      on_ethernet().vlan(7).vlan(8).ipv4().tcp().payload(5).build(),
      on_ethernet().ipv6().extension(tests::Ipv6Extension::routing).tcp().build(),
  };
}

/// From a buffer in which the address sanitizer sees a read beyond the frame.
void parse_exactly(Mode mode, const FrameBytes& frame, uint32_t missing) {
  const tests::PacketBuffer buffer(frame.data(), frame.size());
  Segment segment;
  bool is_ip = false;
  (void)tests::parse_all_ways({mode, LinkType::ethernet, 5}, buffer.frame(),
                              static_cast<uint32_t>(frame.size()) + missing, segment, is_ip);
}

// parse_all_ways() aborts when the quick way and parse() differ.
TEST(ParseBurst, AgreesWithParseAtEveryCapturedLength) {
  for (const FrameBytes& original : originals())
    for (size_t size = 0; size <= original.size(); ++size)
      for (const Mode mode : {Mode::tstat, Mode::corrected})
        parse_exactly(mode, {original.begin(), original.begin() + static_cast<long>(size)},
                      static_cast<uint32_t>(original.size() - size));
}

TEST(ParseBurst, AgreesWithParseForEveryValueOfEveryHeaderByte) {
  for (const FrameBytes& original : originals())
    for (size_t at = 12; at < std::min<size_t>(original.size(), 96); ++at)
      for (unsigned value = 0; value < 256; ++value) {
        FrameBytes changed = original;
        changed[at] = static_cast<uint8_t>(value);
        for (const Mode mode : {Mode::tstat, Mode::corrected}) parse_exactly(mode, changed, 0);
      }
}

TEST(ParseBurst, AgreesWithParseOnMutatedFrames) {
  std::mt19937 random(7);
  const auto frames = originals();
  for (int i = 0; i < 100'000; ++i) {
    FrameBytes changed = frames[random() % frames.size()];
    for (unsigned n = random() % 4; n-- > 0;)
      changed[12 + random() % (changed.size() - 12)] = static_cast<uint8_t>(random());
    // Addresses and ports from few values: equal and nearly equal endpoints.
    if (random() % 2 == 0)
      for (size_t at = 22; at < changed.size() && at < 58; ++at)
        if (random() % 4 == 0) changed[at] = random() % 2 == 0 ? 0xff : 0;
    changed.resize(changed.size() - random() % 12);
    parse_exactly(random() % 2 == 0 ? Mode::tstat : Mode::corrected, changed, random() % 3);
  }
}

class FramesToParse {
 public:
  FramesToParse(Mode mode, std::vector<FrameBytes> frames, const uint64_t* hashes = nullptr)
      : bytes_(std::move(frames)) {
    for (const FrameBytes& b : bytes_) {
      const auto size = static_cast<uint32_t>(b.size());
      frames_.push_back({b.data(), size, size});
      const auto number = static_cast<int64_t>(times_.size());
      times_.push_back({100 + number});
      clocks_.push_back({200 + number});
    }
    out_.resize(bytes_.size());
    parsed_ = parse_burst({mode, LinkType::ethernet, 5},
                          {frames_, times_.data(), clocks_.data(), hashes}, out_.data(), counters_);
  }
  std::vector<FrameBytes> bytes_;
  std::vector<Frame> frames_;
  std::vector<Timestamp> times_, clocks_;
  std::vector<Segment> out_;
  flowstats::CounterBlock counters_;
  ParsedBurst parsed_;
};

TEST(ParseBurst, LeavesNoGapsAndCountsTheOthers) {
  const FrameBytes tcp = on_ethernet().ipv4().tcp({.source_port = 9}).build();
  const FrameBytes tagged = on_ethernet().vlan(1).ipv4().tcp({.source_port = 10}).build();
  const FrameBytes cut(tcp.begin(), tcp.begin() + 40);
  const FramesToParse b(Mode::tstat,
                        {tests::arp_request(), cut, tcp, tests::arp_request(), tagged});
  ASSERT_EQ(b.parsed_.segments, 2u);
  EXPECT_EQ(b.out_[0].time.us, 102);
  EXPECT_EQ(b.out_[0].clock.us, 202);
  EXPECT_EQ(b.out_[0].tuple.sender(b.out_[0].direction).port, 9);
  EXPECT_EQ(b.out_[1].time.us, 104);
  EXPECT_EQ(b.out_[1].tuple.sender(b.out_[1].direction).port, 10);
  EXPECT_EQ(b.counters_.get(Counter::dropped_not_ip), 2u);
  EXPECT_EQ(b.counters_.get(Counter::dropped_too_short), 1u);
  EXPECT_EQ(b.counters_.get(Counter::analysed_packets), 0u) << "counted by the flow table";
  EXPECT_EQ(b.parsed_.first_ip.us, 101) << "the cut packet has an IP header";
}

TEST(ParseBurst, FirstIpPacketIsAnalysedOneOrNone) {
  const FrameBytes udp = on_ethernet().ipv6().udp().build();
  FrameBytes icmp = on_ethernet().ipv4().tcp().build();
  icmp[23] = 1;
  EXPECT_EQ(FramesToParse(Mode::tstat, {tests::arp_request(), udp, icmp}).parsed_.first_ip.us, 101);
  EXPECT_EQ(FramesToParse(Mode::tstat, {tests::arp_request(), icmp, icmp, udp}).parsed_.first_ip.us,
            101);
  EXPECT_EQ(FramesToParse(Mode::tstat, {tests::arp_request()}).parsed_.first_ip, flowstats::kNever);
  EXPECT_EQ(FramesToParse(Mode::tstat, {}).parsed_.first_ip, flowstats::kNever);
}

TEST(ParseBurst, TakesKnownHashes) {
  const FrameBytes tcp = on_ethernet().ipv4().tcp().build();
  const uint64_t hashes[] = {77, 88};
  const FramesToParse b(Mode::corrected, {tests::arp_request(), tcp}, hashes);
  ASSERT_EQ(b.parsed_.segments, 1u);
  EXPECT_EQ(b.out_[0].hash, 88u);
}

}  // namespace
}  // namespace tapstat::dataplane
