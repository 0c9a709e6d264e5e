/// What a worker copies: the same packets for any number of workers, with what it leaves out told
/// for each hour.
#include "dataplane/trace_tap.h"

#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rte_mbuf.h>

#include "dataplane/burst_frames.h"
#include "dataplane/mempool.h"
#include "dataplane/shard.h"
#include "flowstats/record_queue.h"
#include "tests/support/packet_builder.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::Segment;
using flowstats::Timestamp;
using flowstats::TracedPacket;
using flowstats::TraceSlot;
using flowstats::TraceTally;
using tests::FrameBytes;
using tests::PacketBuilder;

constexpr int64_t kHourNumber = 416'667;
constexpr Timestamp kNoon{kHourNumber * flowstats::kHour.us};
constexpr ParseRules kRules{flowstats::Mode::corrected, LinkType::ethernet, 1};

struct Taken {
  Timestamp time;
  uint32_t wire_length = 0;
  std::string bytes;
  bool operator==(const Taken&) const = default;
};

FrameBytes tcp_frame(uint16_t client, bool from_server = false, size_t payload = 10,
                     uint8_t flags = tests::kAck) {
  PacketBuilder builder;
  builder.ethernet();
  if (from_server)
    builder.ipv4({.source = "198.51.100.20", .destination = "192.0.2.10"})
        .tcp({.source_port = 8000, .destination_port = client, .flags = flags});
  else
    builder.ipv4().tcp({.source_port = client, .destination_port = 8000, .flags = flags});
  return builder.payload(payload).build();
}

class TraceTapTest : public testing::Test {
 protected:
  TraceTapTest() {
    auto made = PacketPool::create("tap", 512, 1);
    EXPECT_TRUE(made) << made.error().sentence;
    pool_.emplace(std::move(*made));
    options_.filter = filter("tcp port 8000");
    options_.ring_bytes = kPacketRingMin;
  }

  static std::shared_ptr<const TraceFilter> filter(const std::string& expression) {
    return std::make_shared<const TraceFilter>(std::move(*TraceFilter::compile(expression)));
  }

  TraceTap& tap(PacketRing::WhenFull when_full = PacketRing::WhenFull::drop, bool cut = false) {
    tap_ = std::make_unique<TraceTap>(options_, 1'000, cut, when_full, counters_);
    return *tap_;
  }

  /// One burst of frames, a millisecond apart.
  void take(TraceTap& tap, const std::vector<FrameBytes>& frames, Timestamp start = kNoon) {
    ASSERT_LE(frames.size(), kBurst);
    Burst burst;
    for (const FrameBytes& bytes : frames) {
      rte_mbuf* const packet = rte_pktmbuf_alloc(pool_->get());
      ASSERT_NE(packet, nullptr);
      std::memcpy(rte_pktmbuf_append(packet, static_cast<uint16_t>(bytes.size())), bytes.data(),
                  bytes.size());
      burst.packets[burst.count] = packet;
      burst.times[burst.count] = burst.clocks[burst.count] =
          Timestamp{start.us + 1'000 * burst.count};
      ++burst.count;
    }
    BurstFrames located;
    located.locate(burst);
    std::array<Segment, kBurst> segments;
    CounterBlock ignored;
    const FrameBurst view = located.of(burst);
    const ParsedBurst parsed = parse_burst(kRules, view, segments.data(), ignored);
    tap.take(burst, view, {segments.data(), parsed.segments});
    rte_pktmbuf_free_bulk(burst.packets.data(), burst.count);
  }

  std::vector<Taken> packets(TraceTap& tap) {
    std::vector<Taken> taken;
    while (const TraceSlot* const slot = tap.ring().front()) {
      if (slot->kind == TraceSlot::Kind::tally) {
        const auto& tally = *static_cast<const TraceTally*>(slot);
        for (int64_t h = tally.hours.first; h <= tally.hours.last; ++h) {
          sampled_out_[h - kHourNumber] += tally.sampled_out;
          dropped_[h - kHourNumber] += tally.dropped_ring;
        }
      } else {
        const auto& packet = *static_cast<const TracedPacket*>(slot);
        EXPECT_EQ(packet.link_type, 1);
        taken.push_back({packet.time,
                         packet.wire_length,
                         {reinterpret_cast<const char*>(packet.data()), packet.captured}});
      }
      tap.ring().pop();
    }
    return taken;
  }

  [[nodiscard]] uint64_t count(Counter c) const { return counters_.get(c); }

  std::optional<PacketPool> pool_;
  TraceOptions options_;
  CounterBlock counters_;
  std::unique_ptr<TraceTap> tap_;
  std::map<int64_t, uint64_t> sampled_out_, dropped_;  // by hours since noon
};

TEST_F(TraceTapTest, TakesTheFirstBytesOfAnalysedPacketsThatTheFilterTakes) {
  TraceTap& t = tap();
  const FrameBytes large = tcp_frame(40'000, false, 500), small = tcp_frame(40'001, true, 1);
  const FrameBytes arp = PacketBuilder().ethernet({.ether_type = 0x0806}).payload(46).build();
  const FrameBytes other = PacketBuilder().ethernet().ipv4().tcp({.destination_port = 80}).build();
  take(t, {arp, large, other, small});
  EXPECT_EQ(t.ring().frontier(), Timestamp{kNoon.us + 3'000});
  const std::vector<Taken> expected = {
      {{kNoon.us + 1'000},
       static_cast<uint32_t>(large.size()),
       {large.begin(), large.begin() + 128}},
      {{kNoon.us + 3'000}, static_cast<uint32_t>(small.size()), {small.begin(), small.end()}}};
  EXPECT_EQ(packets(t), expected);
  EXPECT_EQ(count(Counter::trace_matched), 2U);
}

TEST_F(TraceTapTest, WholeFramesAndFramesInSeveralBuffers) {
  options_.snap_length = 0;
  TraceTap& t = tap();
  const FrameBytes bytes = tcp_frame(40'000, false, 2'800);
  Burst burst;
  rte_mbuf* const head = rte_pktmbuf_alloc(pool_->get());
  rte_mbuf* const tail = rte_pktmbuf_alloc(pool_->get());
  std::memcpy(rte_pktmbuf_append(head, 1'000), bytes.data(), 1'000);
  const auto rest = static_cast<uint16_t>(bytes.size() - 1'000);
  ASSERT_LE(rest, rte_pktmbuf_tailroom(tail));
  std::memcpy(rte_pktmbuf_append(tail, rest), bytes.data() + 1'000, rest);
  ASSERT_EQ(rte_pktmbuf_chain(head, tail), 0);
  burst.packets[0] = head;
  burst.times[0] = burst.clocks[0] = kNoon;
  burst.count = 1;
  BurstFrames located;
  located.locate(burst);
  Segment segment;
  CounterBlock ignored;
  ASSERT_EQ(parse_burst(kRules, located.of(burst), &segment, ignored).segments, 1U);
  t.take(burst, located.of(burst), {&segment, 1});
  rte_pktmbuf_free(head);
  const auto taken = packets(t);
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].bytes, std::string(bytes.begin(), bytes.end()));
  EXPECT_EQ(taken[0].wire_length, bytes.size());
}

TEST_F(TraceTapTest, AFrameThatTheSourceHasCutHasTheLengthOfItsHeaders) {
  FrameBytes bytes = tcp_frame(40'000, false, 500);
  const auto whole = static_cast<uint32_t>(bytes.size());
  bytes.resize(90);
  TraceTap& cut = tap(PacketRing::WhenFull::drop, true);
  take(cut, {bytes, tcp_frame(40'000)});
  const auto taken = packets(cut);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].wire_length, whole);
  EXPECT_EQ(taken[0].bytes.size(), 90U);
  EXPECT_EQ(taken[1].wire_length, tcp_frame(40'000).size());
  TraceTap& live = tap();
  take(live, {bytes});
  EXPECT_EQ(packets(live)[0].wire_length, 90U) << "a live frame is what it is";
}

/// Both directions of 2,000 connections, on one worker and on three.
TEST_F(TraceTapTest, SamplingKeepsWholeConnectionsForAnyNumberOfWorkers) {
  options_.sample = 8;
  std::vector<std::set<std::string>> kept;
  for (const uint32_t workers : {1U, 3U}) {
    std::vector<std::unique_ptr<TraceTap>> taps;
    for (uint32_t w = 0; w < workers; ++w)
      taps.push_back(std::make_unique<TraceTap>(options_, 1'000, false, PacketRing::WhenFull::drop,
                                                counters_));
    std::set<std::string> all;
    for (uint16_t client = 20'000; client < 22'000; ++client) {
      const std::vector<FrameBytes> both = {tcp_frame(client), tcp_frame(client, true)};
      Segment segment;
      bool is_ip = false;
      (void)parse(kRules, {both[0].data(), both[0].size()}, static_cast<uint32_t>(both[0].size()),
                  segment, is_ip);
      TraceTap& t = *taps[worker_of(segment.hash, workers)];
      take(t, both);
      const auto taken = packets(t);
      ASSERT_TRUE(taken.empty() || taken.size() == 2) << client;
      for (const Taken& packet : taken) all.insert(packet.bytes);
    }
    kept.push_back(std::move(all));
  }
  EXPECT_EQ(kept[0], kept[1]);
  EXPECT_NEAR(static_cast<double>(kept[0].size()), 4'000.0 / 8, 150);
  EXPECT_EQ(count(Counter::trace_matched), 8'000U);
  EXPECT_EQ(count(Counter::trace_sampled_out), 8'000U - 2 * kept[0].size());
}

TEST_F(TraceTapTest, AConnectionMayGiveSoManyPacketsAndASynBeginsAnew) {
  options_.flow_limit = 3;
  TraceTap& t = tap();
  const FrameBytes a = tcp_frame(40'000), b = tcp_frame(40'001, true);
  take(t, {a, a, b, a, a, a, b});
  EXPECT_EQ(packets(t).size(), 3U + 2U);
  EXPECT_EQ(count(Counter::trace_sampled_out), 2U);
  take(t, {tcp_frame(40'000, false, 0, tests::kSyn), a, a, a});
  EXPECT_EQ(packets(t).size(), 3U);
}

TEST_F(TraceTapTest, WhatIsLeftOutIsToldForItsHours) {
  options_.flow_limit = 1;
  TraceTap& t = tap();
  const FrameBytes a = tcp_frame(40'000);
  take(t, {a, a}, {kNoon.us - 60'000'000});     // hour -1 alone; one is left out
  take(t, {a, a, a}, {kNoon.us - 50'000'000});  // hours -1 and 0
  take(t, {a}, {kNoon.us + 9'999'999});
  take(t, {a}, {kNoon.us + 10'000'000});  // hour 0 alone
  t.finish();
  EXPECT_EQ(packets(t).size(), 1U);
  EXPECT_EQ(sampled_out_, (std::map<int64_t, uint64_t>{{-1, 1 + 4}, {0, 4 + 1}}));
  EXPECT_EQ(t.ring().frontier(), flowstats::kAlways);
}

TEST_F(TraceTapTest, AFullRingCostsCountedPacketsOnly) {
  options_.snap_length = 0;
  TraceTap& t = tap();
  const std::vector<FrameBytes> burst(kBurst, tcp_frame(40'000, false, 1'400));
  constexpr int kBursts = 100;
  for (int i = 0; i < kBursts; ++i) take(t, burst);
  const uint64_t matched = count(Counter::trace_matched),
                 dropped = count(Counter::trace_dropped_ring);
  EXPECT_EQ(matched, uint64_t{kBurst} * kBursts);
  EXPECT_GT(dropped, 0U);
  const size_t kept = packets(t).size();
  EXPECT_EQ(kept + dropped, matched);
  t.finish();
  EXPECT_EQ(packets(t).size(), 0U);
  EXPECT_EQ(dropped_[0], dropped) << "the numbers come when there is room again";
}

}  // namespace
}  // namespace tapstat::dataplane
