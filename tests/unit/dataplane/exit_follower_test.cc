/// The thread behind the feeds: what reaches the writer and when, what lost messages cost, and how
/// workers share followers. The connections themselves: exit_flows_test.cc.
#include "dataplane/exit_follower.h"

#include <algorithm>
#include <array>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/exit_followers.h"
#include "dataplane/flow_shard.h"
#include "tests/support/conversation.h"
#include "tests/support/flow_records.h"
#include "tests/support/segment_source.h"

namespace tapstat::dataplane {
namespace {

using namespace tests::time_literals;
using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::ExitRecord;
using flowstats::Segment;
using flowstats::Timestamp;
using tests::Conversation;
using tests::kStart;
using WhenFull = ExitFeed::WhenFull;

flowstats::Measurement small() {
  flowstats::Measurement measurement;
  measurement.mode = flowstats::Mode::corrected;
  measurement.limits.tcp_flows_max = 256;
  measurement.limits.udp_flows_max = 64;
  measurement.limits.segment_records_max = 4096;
  measurement.exit_records.enabled = true;
  measurement.exit_records.connections_max = 4096;
  measurement.exit_records.segments_max = 4096;
  return measurement;
}

/// A feed and its lane, told by hand.
struct Rig {
  explicit Rig(uint32_t units = 1024)
      : feed(units, measurement.limits.tcp_flows_max, WhenFull::drop, counters) {}

  void follow() {
    feed.publish();
    while (lane.work()) {
    }
  }
  std::vector<const ExitRecord*> records() {
    drained = std::make_unique<tests::Drained>(lane.records());
    return drained->of<ExitRecord>(flowstats::RecordKind::exit);
  }
  [[nodiscard]] uint64_t count(Counter c) const { return counters.get(c) + lane.counters().get(c); }

  flowstats::Measurement measurement = small();
  flowstats::NetworkList internal;
  CounterBlock counters;
  ExitFeed feed;
  ExitLane lane{measurement, internal, {}, feed, 1024, WhenFull::drop};
  std::unique_ptr<tests::Drained> drained;
};

/// A connection from `port` with 300 bytes from the server.
class Talk {
 public:
  Talk(uint16_t port, const flowstats::Measurement& measurement,
       flowstats::Timestamp start = kStart)
      : source_(frames_of(port, start),
                {.mode = measurement.mode, .hash_seed = measurement.hash_seed}),
        segments_(source_.segments().begin(), source_.segments().end()) {}
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;
  [[nodiscard]] const Segment& operator[](size_t i) const { return segments_[i]; }
  /// Tells of the segments in [from, to) as of a flow in `entry`.
  void tell(ExitFeed& feed, uint32_t entry, size_t from, size_t to) const {
    for (size_t i = from; i < to; ++i)
      i == 0 ? feed.begin(entry, segments_[i]) : feed.on_segment(entry, segments_[i]);
  }
  [[nodiscard]] size_t size() const { return segments_.size(); }

 private:
  static std::vector<tests::TimedFrame> frames_of(uint16_t port, flowstats::Timestamp start) {
    Conversation talk(start);
    talk.client().port(port);
    talk.client().isn(static_cast<uint32_t>(start.us));
    talk.handshake();
    talk.server().sends(300).at(30_ms);
    talk.close(1_s);
    return talk.frames();
  }
  tests::SegmentSource source_;  // has the bytes
  std::vector<Segment> segments_;
};

TEST(ExitLane, TheClockIsToldWhenWhatWasOverdueHasItsRecord) {
  Rig rig;
  const Talk talk(40'000, rig.measurement);
  rig.feed.tell_clock(kStart);
  talk.tell(rig.feed, 7, 0, talk.size());
  rig.feed.tell_clock(kStart + 4_s);
  rig.follow();
  EXPECT_EQ(rig.lane.records().frontier(), kStart + 4_s);
  EXPECT_TRUE(rig.records().empty());
  rig.feed.advance(kStart + 8_s);  // no packet in between
  rig.follow();
  const auto records = rig.records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]->poll, kStart + 6021_ms);
  EXPECT_EQ(rig.lane.records().frontier(), kStart + 8_s);
}

/// A connection that has just opened waits for a day; closed, its timer comes 5 s later.
TEST(ExitLane, AConnectionThatIsOverFiresByItsOwnTime) {
  Rig rig;
  rig.feed.tell_clock(kStart);
  std::vector<std::unique_ptr<Talk>> talks;
  for (uint32_t i = 0; i < 200; ++i) {
    talks.push_back(std::make_unique<Talk>(static_cast<uint16_t>(20'000 + i), rig.measurement));
    talks.back()->tell(rig.feed, i, 0, talks.back()->size());
    rig.follow();
  }
  rig.feed.advance(kStart + 7'100_ms);
  rig.follow();
  EXPECT_EQ(rig.records().size(), 200u) << "all at once, with none left for a later turn";
}

TEST(ExitLane, SegmentsOfAFlowWhoseBeginningWasLostAreLeftOut) {
  Rig rig;
  const Talk lost(40'000, rig.measurement), seen(41'000, rig.measurement);
  rig.feed.tell_clock(kStart);
  seen.tell(rig.feed, 7, 0, 4);
  for (int i = 0; i < 1024; ++i) rig.feed.let_go(8);  // the feed is full
  rig.feed.let_go(7);
  lost.tell(rig.feed, 7, 0, 1);
  rig.follow();
  lost.tell(rig.feed, 7, 1, lost.size());
  rig.feed.let_go(7);
  for (size_t i = 4; i < seen.size(); ++i) rig.feed.on_stray(seen[i]);
  rig.feed.finish(kStart + 20_s);
  rig.follow();
  const auto records = rig.records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]->ends.port[1], 41'000);
  EXPECT_EQ(records[0]->variables.packets_in + records[0]->variables.packets_out, seen.size());
  EXPECT_EQ(rig.count(Counter::exit_segments_dropped), lost.size());
}

/// The logs take the SYN for one of their flow, which is about to be over.
TEST(ExitLane, ASynInAFlowOfTheLogsBeginsAConnectionBetweenTheSameEnds) {
  Rig rig;
  const Talk first(40'000, rig.measurement), second(40'000, rig.measurement, kStart + 1'100_ms);
  rig.feed.tell_clock(kStart);
  first.tell(rig.feed, 7, 0, first.size());
  for (size_t i = 0; i < second.size(); ++i) rig.feed.on_segment(7, second[i]);
  rig.feed.finish(kStart + 20_s);
  rig.follow();
  const auto records = rig.records();
  ASSERT_EQ(records.size(), 2u);
  for (const ExitRecord* record : records) {
    EXPECT_EQ(record->ends.port, records[0]->ends.port);
    EXPECT_EQ(record->ends.address, records[0]->ends.address);
    EXPECT_EQ(record->ends.port[1], 40'000);
  }
}

TEST(ExitLane, AFlowThatWasNeverLetGoMakesWay) {
  Rig rig;
  const Talk first(40'000, rig.measurement), second(41'000, rig.measurement);
  rig.feed.tell_clock(kStart);
  first.tell(rig.feed, 7, 0, first.size());
  second.tell(rig.feed, 7, 0, second.size());
  rig.feed.finish(kStart + 20_s);
  rig.follow();
  const auto records = rig.records();
  ASSERT_EQ(records.size(), 2u);
  for (const ExitRecord* record : records)
    EXPECT_EQ(record->variables.packets_in + record->variables.packets_out, first.size());
  EXPECT_EQ(rig.count(Counter::exit_segments_dropped), 0u);
}

/// More flows than the smallest feed can tell of: whatever is lost, the books balance.
TEST(ExitLane, AnOverrunIsCountedAndHarmless) {
  Rig rig(kExitFeedUnitsMin);
  RecordRing ring(8192, WhenFull::drop);
  FlowShard shard(rig.measurement, rig.internal, ring, rig.counters, &rig.feed);
  std::vector<tests::TimedFrame> frames;
  for (uint16_t i = 0; i < 300; ++i) {
    Conversation talk(kStart + flowstats::Duration{i * 40'000});
    talk.client().port(static_cast<uint16_t>(20'000 + i % 50));
    talk.client().isn(1'000'000u * i);
    talk.handshake();
    talk.server().sends(300).at(30_ms);
    talk.close(35_ms);
    frames = tests::merged({frames, talk.frames()});
  }
  const tests::SegmentSource source(
      frames, {.mode = rig.measurement.mode, .hash_seed = rig.measurement.hash_seed});
  const std::vector<Segment> segments(source.segments().begin(), source.segments().end());
  for (size_t at = 0; at < segments.size(); at += 64) {
    shard.process({segments.data() + at, std::min<size_t>(64, segments.size() - at)}, 1);
    if (at % 3 == 0) rig.follow();
  }
  rig.follow();
  std::thread worker([&] {
    shard.finish(segments.back().clock, 1);
    shard.close_records();
  });
  while (!rig.lane.has_ended())
    if (!rig.lane.work()) std::this_thread::yield();
  worker.join();
  EXPECT_GT(rig.count(Counter::exit_segments_dropped), 100u);
  EXPECT_GT(rig.count(Counter::exit_records_exported), 20u);
  EXPECT_EQ(rig.count(Counter::exit_connections_opened),
            rig.count(Counter::exit_connections_closed));
}

TEST(ExitFollower, ServesItsLanesUntilAllHaveEnded) {
  const flowstats::Measurement measurement = small();
  const flowstats::NetworkList internal;
  std::array<CounterBlock, 3> counters;
  std::array<std::unique_ptr<ExitFeed>, 3> feeds;
  std::vector<ExitFeed*> all;
  for (size_t i = 0; i < feeds.size(); ++i) {
    feeds[i] = std::make_unique<ExitFeed>(kExitFeedUnitsMin, measurement.limits.tcp_flows_max,
                                          WhenFull::wait, counters[i]);
    all.push_back(feeds[i].get());
  }
  ExitFollowers followers(measurement, internal, all, {1024, WhenFull::wait});
  EXPECT_EQ(followers.size(), 2u);
  EXPECT_EQ(ExitFollowers::threads(3, true), 2u);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < followers.size(); ++i)
    threads.emplace_back([&followers, i] { followers[i].run(); });
  for (size_t i = 0; i < feeds.size(); ++i)
    threads.emplace_back([&, i] {
      const Talk talk(static_cast<uint16_t>(40'000 + i), measurement);
      feeds[i]->tell_clock(kStart);
      for (uint32_t entry = 0; entry < 100; ++entry) {
        talk.tell(*feeds[i], entry, 0, talk.size());
        feeds[i]->let_go(entry);
      }
      EXPECT_FALSE(followers.finished());
      feeds[i]->finish(kStart + 20_s);
      feeds[i]->advance(flowstats::kAlways);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(followers.finished());
  const auto sources = followers.sources();
  ASSERT_EQ(sources.size(), 3u);
  for (size_t i = 0; i < sources.size(); ++i) {
    flowstats::CounterValues counted;
    followers.add_counters(i, counted);
    EXPECT_EQ(counted[Counter::exit_records_exported], 1u) << "one SYN, repeated";
    EXPECT_EQ(sources[i]->frontier() == flowstats::kAlways, !sources[i]->has_records());
    EXPECT_EQ(tests::Drained(*sources[i]).all().size(), 1u);
    EXPECT_EQ(sources[i]->frontier(), flowstats::kAlways);
  }
}

TEST(ExitFollowers, OffMeansNothingIsReserved) {
  const flowstats::Measurement measurement;
  const flowstats::NetworkList internal;
  ExitFollowers none(measurement, internal, {}, {1024, WhenFull::wait});
  EXPECT_EQ(none.size(), 0u);
  EXPECT_EQ(none.bytes(), 0u);
  EXPECT_TRUE(none.finished());
  EXPECT_TRUE(none.sources().empty());
  EXPECT_EQ(ExitFollowers::threads(4, false), 0u);
}

}  // namespace
}  // namespace tapstat::dataplane
