/// What the feed of exit records promises: order and whole messages for every kind of segment, a
/// full ring's policy, and that messages which were lost do no harm.
#include "dataplane/exit_feed.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::CounterBlock;
using flowstats::Segment;
using flowstats::TcpOptions;
using flowstats::Timestamp;
using Kind = ExitMessage::Kind;
using WhenFull = ExitFeed::WhenFull;

constexpr uint32_t kUnits = 1024, kFlows = 100'000;

/// Every field follows from the number, the option bytes too.
struct Sample {
  explicit Sample(uint32_t number) : Sample(number, static_cast<uint8_t>(number % 11 * 4)) {
    if (number % 7 == 6) make_usual(number);
  }
  explicit Sample(uint32_t number, uint8_t option_bytes) {
    for (size_t i = 0; i < option_bytes; ++i) list[i] = static_cast<uint8_t>(number + i);
    segment.tuple.a_port = static_cast<uint16_t>(number);
    segment.tuple.ip_version =
        number % 2 == 0 ? flowstats::IpVersion::v4 : flowstats::IpVersion::v6;
    segment.hash = (uint64_t{number} << 32) + number + 1;
    segment.seq = number;
    segment.ack = number + 2;
    segment.window = static_cast<uint16_t>(number + 3);
    segment.checksum = 0xffff;
    segment.flags = flowstats::tcp_flag::kAck;
    segment.malformed_offset = true;
    segment.direction = static_cast<flowstats::Direction>(number % 2);
    segment.ip_id_is_identifying = number % 3 == 0;
    segment.payload_length = static_cast<int32_t>(number % 1'000) - 1;
    segment.options.seen = static_cast<uint8_t>(number % 32);
    segment.options.mss = static_cast<uint16_t>(number + 4);
    segment.time = Timestamp{number + 5};
    segment.clock = Timestamp{number + 6};
    segment.ip_id = static_cast<uint16_t>(number + 7);
    segment.ttl = static_cast<uint8_t>(number + 8);
    segment.tos = static_cast<uint8_t>(number + 9);
    segment.option_bytes = option_bytes;
    segment.payload_bytes = list.data() + option_bytes;
  }
  /// With plain timestamps or no options, at its clock.
  void make_usual(uint32_t number) {
    segment.payload_length = number % 3 == 0 ? UsualExitMessage::kPayloadMax : 0;
    segment.time = segment.clock;
    segment.options = {};
    segment.option_bytes = 0;
    if (number % 2 == 0) return;
    segment.options.seen = TcpOptions::kTimestamps | TcpOptions::kPlain;
    segment.option_bytes = TcpOptions::kPlainBytes;
    constexpr uint8_t kHead[] = {1, 1, 8, 10};
    std::ranges::copy(kHead, list.begin());
    segment.payload_bytes = list.data() + segment.option_bytes;
  }
  std::array<uint8_t, 40> list{};
  Segment segment;
};

void expect_same(const Segment& told, const Sample& sample, bool has_key) {
  const Segment& s = sample.segment;
  ASSERT_EQ(told.seq, s.seq);
  EXPECT_EQ(told.ack, s.ack);
  EXPECT_EQ(told.window, s.window);
  EXPECT_EQ(told.flags, s.flags);
  EXPECT_EQ(told.direction, s.direction);
  EXPECT_EQ(told.ip_id_is_identifying, s.ip_id_is_identifying);
  EXPECT_EQ(told.payload_length, s.payload_length);
  EXPECT_EQ(told.options, s.options);
  EXPECT_EQ(told.time, s.time);
  EXPECT_EQ(told.clock, s.clock);
  EXPECT_EQ(told.ip_id, s.ip_id);
  EXPECT_EQ(told.ttl, s.ttl);
  EXPECT_EQ(told.tos, s.tos);
  if (has_key) {
    EXPECT_EQ(told.tuple, s.tuple);
    EXPECT_EQ(told.hash, s.hash);
  }
  ASSERT_EQ(told.option_list().size(), s.option_bytes);
  if (s.option_bytes != 0) {
    EXPECT_EQ(std::memcmp(told.option_list().data(), sample.list.data(), s.option_bytes), 0);
  }
}

/// Message `number` of a worker that tells of everything by turns.
void tell(ExitFeed& feed, uint32_t number) {
  const Sample sample(number);
  switch (number % 7) {
    case 0: return feed.begin(number, sample.segment);
    case 1: return feed.on_stray(sample.segment);
    case 2: return feed.on_single(sample.segment);
    case 3: return feed.let_go(number);
    case 4: return feed.tell_clock(Timestamp{2'000 * number});
    case 5: return feed.on_segment(number, sample.segment);
    default: return feed.on_usual({&sample.segment, 1}, &number);
  }
}

/// Reads as the follower does.
class Reader {
 public:
  /// Takes what is there.
  void take(ExitFeed& feed) {
    const uint32_t there = feed.available();
    uint32_t units = 0;
    while (units < there) {
      const ExitMessage& message = feed.peek(units);
      expect_told(message, told_++);
      units += message.units();
    }
    EXPECT_EQ(units, there) << "whole messages";
    feed.pop(units);
  }
  [[nodiscard]] uint32_t told() const { return told_; }
  [[nodiscard]] uint32_t usual() const { return usual_; }

 private:
  void expect_told(const ExitMessage& message, uint32_t number) {
    constexpr Kind kKinds[] = {Kind::begin, Kind::stray,   Kind::single, Kind::let_go,
                               Kind::clock, Kind::segment, Kind::segment};
    const Sample sample(number);
    if (message.is_usual()) {
      ++usual_;
      const auto& usual = UsualExitMessage::of(message);
      UsualExitMessage::OptionList list;
      EXPECT_EQ(usual.entry(), number);
      clock_.us += usual.step_us;
      ASSERT_EQ(number % 7, 6u);
      return expect_same(usual.segment(clock_, list), sample, false);
    }
    if (message.sets_clock()) clock_ = message.clock;
    ASSERT_EQ(message.kind, kKinds[number % 7]);
    if (message.kind == Kind::clock) {
      EXPECT_EQ(message.clock, Timestamp{2'000 * number});
      return;
    }
    if (message.kind != Kind::stray && message.kind != Kind::single) {
      EXPECT_EQ(message.entry, number);
    }
    if (message.kind != Kind::let_go) expect_same(message.segment(), sample, message.has_key());
  }

  uint32_t told_ = 0, usual_ = 0;
  Timestamp clock_ = flowstats::kNever;
};

TEST(ExitFeed, NothingIsSeenBeforeItIsPublished) {
  CounterBlock counters;
  ExitFeed feed(kUnits, kFlows, WhenFull::drop, counters);
  tell(feed, 0);
  EXPECT_EQ(feed.available(), 0u);
  feed.publish();
  EXPECT_EQ(feed.available(), 4u);
  Reader reader;
  reader.take(feed);
  EXPECT_EQ(feed.available(), 0u);
}

TEST(ExitFeed, LittleIsPublishedLater) {
  CounterBlock counters;
  ExitFeed feed(kUnits, kFlows, WhenFull::drop, counters);
  uint32_t number = 0;
  for (; feed.available() == 0 && number < kUnits; ++number) {
    tell(feed, number);
    feed.publish_bulk();
  }
  EXPECT_GT(feed.available(), 100u);
  EXPECT_LT(feed.available(), 300u);
  Reader reader;
  reader.take(feed);
  tell(feed, number);
  feed.publish_bulk();
  EXPECT_EQ(feed.available(), 0u);
  feed.advance(flowstats::kNever);
  EXPECT_NE(feed.available(), 0u) << "nothing comes: no reason to wait";
  reader.take(feed);
}

TEST(ExitFeed, MessagesOfAllSizesGoRoundWhole) {
  CounterBlock counters;
  ExitFeed feed(kUnits, kFlows, WhenFull::drop, counters);
  std::mt19937 random(3);
  uint32_t put_in = 0;
  Reader reader;
  while (reader.told() < 50'000 && !HasFailure()) {
    for (uint32_t i = random() % 100; i > 0; --i) tell(feed, put_in++);
    feed.publish();
    reader.take(feed);
  }
  EXPECT_GT(reader.usual(), 7'000u);
  EXPECT_EQ(counters.get(Counter::exit_segments_dropped), 0u);
}

TEST(ExitFeed, AWaitingWorkerLosesNothingToASlowFollower) {
  CounterBlock counters;
  ExitFeed feed(kExitFeedUnitsMin, kFlows, WhenFull::wait, counters);
  constexpr uint32_t kMessages = 5'000;
  std::thread worker([&] {
    for (uint32_t i = 0; i < kMessages; ++i) {
      tell(feed, i);
      if (i % 32 == 0) feed.publish();
    }
    feed.publish();
  });
  Reader reader;
  while (reader.told() < kMessages && !HasFailure()) {
    reader.take(feed);
    std::this_thread::yield();
  }
  worker.join();
  EXPECT_EQ(counters.get(Counter::exit_segments_dropped), 0u);
}

/// What a usual message has no room for goes the other way, whole.
TEST(ExitFeed, WhatIsNotUsualIsToldInFull) {
  using Change = std::function<void(Segment&)>;
  const Change kUsual = [](Segment&) {};
  const std::vector<std::pair<Change, bool>> cases = {
      {kUsual, true},
      {[](Segment& s) { s.clock.us = s.time.us += 0xffff; }, true},
      {[](Segment& s) { s.clock.us = s.time.us += 0x10000; }, false},
      {[](Segment& s) { s.clock.us = s.time.us -= 1; }, false},
      {[](Segment& s) { s.time.us -= 1; }, false},
      {[](Segment& s) { s.options.seen = TcpOptions::kTimestamps; }, false},
      {[](Segment& s) { s.options.seen |= TcpOptions::kSack; }, false},
      {[](Segment& s) { s.flags |= flowstats::tcp_flag::kSyn; }, false},
      {[](Segment& s) { s.payload_length = -1; }, false},
      {[](Segment& s) { s.payload_length = UsualExitMessage::kPayloadMax + 1; }, false},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    CounterBlock counters;
    ExitFeed feed(kUnits, kFlows, WhenFull::drop, counters);
    Sample sample(13);  // usual, with timestamps
    feed.tell_clock(sample.segment.clock);
    cases[i].first(sample.segment);
    feed.on_segment(kFlows - 1, sample.segment);
    feed.publish();
    const ExitMessage& message = feed.peek(2);
    ASSERT_EQ(message.is_usual(), cases[i].second);
    UsualExitMessage::OptionList list;
    if (message.is_usual()) {
      const auto& usual = UsualExitMessage::of(message);
      EXPECT_EQ(usual.entry(), kFlows - 1);
      const Timestamp clock = feed.peek(0).clock + flowstats::Duration{usual.step_us};
      expect_same(usual.segment(clock, list), sample, false);
    } else {
      EXPECT_EQ(message.entry, kFlows - 1);
      expect_same(message.segment(), sample, false);
    }
  }
}

TEST(ExitFeed, EntriesBeyondThoseOfUsualMessagesAreToldInFull) {
  CounterBlock counters;
  constexpr uint32_t kMany = UsualExitMessage::kEntriesMax + 1;
  ExitFeed feed(kUnits, kMany, WhenFull::wait, counters);
  const Sample sample(13);
  feed.tell_clock(sample.segment.clock);
  const uint32_t entry = kMany - 1;
  feed.on_usual({&sample.segment, 1}, &entry);
  feed.publish();
  ASSERT_FALSE(feed.peek(2).is_usual());
  EXPECT_EQ(feed.peek(2).entry, entry);
}

/// The largest entry with timestamps is still no other message's mark.
TEST(ExitFeed, TheLargestEntryIsAUsualOne) {
  CounterBlock counters;
  ExitFeed feed(kUnits, UsualExitMessage::kEntriesMax, WhenFull::wait, counters);
  const Sample sample(13);
  feed.tell_clock(sample.segment.clock);
  const uint32_t entry = UsualExitMessage::kEntriesMax - 1;
  feed.on_usual({&sample.segment, 1}, &entry);
  feed.publish();
  ASSERT_TRUE(feed.peek(2).is_usual());
  EXPECT_EQ(UsualExitMessage::of(feed.peek(2)).entry(), entry);
}

/// Strays go first, then segments, then beginnings; ends and clocks have room to the last.
TEST(ExitFeed, AFullFeedDropsWhatMattersLeast) {
  CounterBlock counters;
  ExitFeed feed(kUnits, kFlows, WhenFull::drop, counters);
  const Sample sample(1, 12);
  uint64_t dropped = 0;
  const auto fill_with = [&](auto message, uint32_t units) {
    const uint32_t before = feed.available();
    for (uint32_t i = 0; i < kUnits; ++i) message();
    feed.publish();
    dropped += kUnits - (feed.available() - before) / units;
    return feed.available();
  };
  EXPECT_EQ(fill_with([&] { feed.on_stray(sample.segment); }, 4), kUnits / 2);
  EXPECT_EQ(fill_with([&] { feed.on_segment(0, sample.segment); }, 2), kUnits - kUnits / 4);
  EXPECT_EQ(fill_with([&] { feed.begin(1, sample.segment); }, 4), kUnits - kUnits / 8);
  EXPECT_EQ(counters.get(Counter::exit_segments_dropped), dropped);
  EXPECT_EQ(fill_with([&] { feed.let_go(2); }, 2), kUnits);
  EXPECT_EQ(counters.get(Counter::exit_segments_dropped), 3 * kUnits - 128 - 128 - 32);
  feed.pop(kUnits);
  EXPECT_EQ(fill_with([&] { feed.on_segment(0, sample.segment); }, 2), kUnits - kUnits / 4)
      << "there is room again";
}

/// Whose beginning, or whose predecessor's end, was lost.
TEST(ExitFeed, AnEntryThatTheFollowerDoesNotKnowIsLeftOutUntilItIsHeardOfAgain) {
  CounterBlock counters;
  ExitFeed feed(kUnits, kFlows, WhenFull::drop, counters);
  const Sample sample(13);
  constexpr uint32_t kBegun = 1, kLost = 2, kNotLetGo = 3;
  feed.begin(kBegun, sample.segment);
  feed.begin(kNotLetGo, sample.segment);
  for (uint32_t i = 0; i < kUnits; ++i) feed.let_go(50'000);
  feed.begin(kLost, sample.segment);
  feed.let_go(kNotLetGo);
  feed.begin(kNotLetGo, sample.segment);
  feed.publish();
  feed.pop(feed.available());
  uint64_t dropped = counters.get(Counter::exit_segments_dropped);
  EXPECT_EQ(dropped, 2u);
  const auto is_told = [&](uint32_t entry) {
    feed.on_usual({&sample.segment, 1}, &entry);
    feed.publish();
    const uint32_t there = feed.available();
    feed.pop(there);
    dropped += there == 0 ? 1 : 0;
    EXPECT_EQ(counters.get(Counter::exit_segments_dropped), dropped);
    return there != 0;
  };
  EXPECT_TRUE(is_told(kBegun));
  EXPECT_FALSE(is_told(kLost));
  EXPECT_FALSE(is_told(kNotLetGo));
  feed.let_go(kLost);
  feed.begin(kNotLetGo, sample.segment);
  feed.begin(kLost, sample.segment);
  EXPECT_TRUE(is_told(kLost));
  EXPECT_TRUE(is_told(kNotLetGo));
}

TEST(ExitFeed, TheEndOfATraceIsNeverLost) {
  CounterBlock counters;
  ExitFeed feed(kExitFeedUnitsMin, kFlows, WhenFull::drop, counters);
  for (uint32_t i = 0; i < 2 * kExitFeedUnitsMin; ++i) feed.let_go(i);
  feed.publish();
  std::thread worker([&] {
    feed.finish(Timestamp{5});
    feed.advance(flowstats::kAlways);
  });
  std::vector<Kind> last;
  while (last.empty() || last.back() != Kind::end) {
    if (feed.available() == 0) continue;
    last.push_back(feed.peek(0).kind);
    feed.pop(feed.peek(0).units());
  }
  worker.join();
  EXPECT_EQ(last.size(), kExitFeedUnitsMin / 2 + 2);
  EXPECT_EQ(last[kExitFeedUnitsMin / 2], Kind::finish);
}

TEST(ExitFeed, TheClockIsToldOnceInAMillisecond) {
  CounterBlock counters;
  ExitFeed feed(kUnits, kFlows, WhenFull::drop, counters);
  const auto told = [&] {
    feed.publish();
    const uint32_t messages = feed.available() / 2;
    feed.pop(feed.available());
    return messages;
  };
  feed.tell_clock(Timestamp{1'000'000});
  feed.tell_clock(Timestamp{1'000'000});
  feed.advance(flowstats::kNever);
  EXPECT_EQ(told(), 1u);
  for (int64_t us = 0; us < 5'000; us += 10) feed.advance(Timestamp{1'000'000 + us});
  EXPECT_EQ(told(), 4u);
  for (int64_t us = 5'000; us < 10'000; us += 10) feed.tell_clock(Timestamp{1'000'000 + us});
  EXPECT_EQ(told(), 5u);
  feed.tell_clock(Timestamp{5});
  EXPECT_EQ(told(), 1u) << "another trace";
}

}  // namespace
}  // namespace tapstat::dataplane
