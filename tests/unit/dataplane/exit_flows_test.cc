/// Lives of connections as exit records see them, through whole shards, so that the flows of the
/// logs come and go beside them by their own rules.
#include "dataplane/exit_flows.h"

#include <algorithm>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/exit_follower.h"
#include "dataplane/flow_shard.h"
#include "dataplane/record_ring.h"
#include "tests/support/conversation.h"
#include "tests/support/flow_records.h"
#include "tests/support/segment_source.h"

namespace tapstat::dataplane {
namespace {

using namespace tests::time_literals;
using flowstats::Counter;
using flowstats::CounterValues;
using flowstats::Duration;
using flowstats::ExitRecord;
using flowstats::ExitRecords;
using flowstats::ExitState;
using flowstats::Mode;
using flowstats::Segment;
using tests::Conversation;
using tests::kStart;
using Frames = std::vector<tests::TimedFrame>;

constexpr Mode kModes[] = {Mode::tstat, Mode::corrected};

struct Plan {
  Mode mode = Mode::corrected;
  ExitRecords exits{};
  flowstats::NetworkList internal{};  // by default every address is
  size_t burst = 32;
  uint32_t shards = 1;
  bool follows_at_once = true;  // false: when the worker is through
};

struct Outcome {
  std::vector<ExitRecord> records;
  CounterValues counters;

  [[nodiscard]] uint64_t count(Counter c) const { return counters[c]; }
  /// What must not depend on who measured, and when: all but the cid.
  [[nodiscard]] bool same_records(const Outcome& other) const {
    const auto same = [](const ExitRecord& a, const ExitRecord& b) {
      return a.poll == b.poll && a.ends.port == b.ends.port && a.ends.address == b.ends.address &&
             a.variables == b.variables;
    };
    return std::equal(records.begin(), records.end(), other.records.begin(), other.records.end(),
                      same);
  }
};

void measure(const std::vector<Segment>& segments, const flowstats::Measurement& measurement,
             const Plan& plan, uint32_t index, flowstats::Timestamp last_clock, Outcome& outcome) {
  const auto counters = std::make_unique<flowstats::CounterBlock>();
  RecordRing ring(8192, RecordRing::WhenFull::drop);
  ExitFeed feed(1 << 15, measurement.limits.tcp_flows_max, ExitFeed::WhenFull::drop, *counters);
  FlowShard shard(measurement, plan.internal, ring, *counters, &feed);
  ExitLane lane(measurement, plan.internal, {index, plan.shards}, feed, 8192,
                RecordRing::WhenFull::drop);
  std::vector<Segment> mine;
  for (const Segment& s : segments)
    if ((s.hash >> 32) % plan.shards == index) mine.push_back(s);
  if (!mine.empty()) shard.note_ip_packet(mine.front().time);
  const auto follow = [&] {
    if (plan.follows_at_once) feed.publish();
    while (plan.follows_at_once && lane.work()) {
    }
  };
  for (size_t at = 0; at < mine.size(); at += plan.burst) {
    shard.process({mine.data() + at, std::min(plan.burst, mine.size() - at)}, 1);
    follow();
  }
  shard.finish(last_clock, 1);
  shard.close_records();
  while (lane.work()) {
  }
  EXPECT_TRUE(lane.has_ended());
  EXPECT_EQ(counters->get(Counter::exit_segments_dropped), 0u);
  const tests::Drained drained(lane.records());
  for (const ExitRecord* record : drained.of<ExitRecord>(flowstats::RecordKind::exit))
    outcome.records.push_back(*record);
  outcome.counters += counters->snapshot();
  outcome.counters += lane.counters().snapshot();
}

/// Records in the order of their connections.
Outcome run(const std::vector<Frames>& captures, const Plan& plan) {
  flowstats::Measurement measurement;
  measurement.mode = plan.mode;
  measurement.limits.tcp_flows_max = 256;
  measurement.limits.udp_flows_max = 64;
  measurement.limits.segment_records_max = 4096;
  measurement.exit_records = plan.exits;
  measurement.exit_records.enabled = true;
  measurement.exit_records.segments_max = 4096;
  const tests::SegmentSource source(tests::merged(captures),
                                    {.mode = plan.mode, .hash_seed = measurement.hash_seed});
  Outcome outcome;
  for (uint32_t index = 0; index < plan.shards; ++index)
    measure(source.segments(), measurement, plan, index, source.segments().back().clock, outcome);
  const auto identity = [](const ExitRecord& r) {
    return std::make_tuple(r.variables.first, r.ends.port, r.variables.send_initial);
  };
  std::stable_sort(outcome.records.begin(), outcome.records.end(),
                   [&](const auto& a, const auto& b) { return identity(a) < identity(b); });
  EXPECT_EQ(outcome.count(Counter::exit_connections_opened),
            outcome.count(Counter::exit_connections_closed));
  EXPECT_EQ(outcome.count(Counter::exit_connections_closed) +
                outcome.count(Counter::exit_views_exchanged),
            outcome.count(Counter::exit_records_exported) +
                outcome.count(Counter::exit_records_dropped_queue_full) +
                outcome.count(Counter::exit_connections_incomplete) +
                outcome.count(Counter::exit_connections_unfinished));
  EXPECT_EQ(outcome.records.size(), outcome.count(Counter::exit_records_exported));
  return outcome;
}

/// A refused SYN each second up to `end`: moves the clock and turns the timers, and has no record.
Frames ticks(Duration end) {
  std::vector<Frames> all;
  for (uint16_t second = 0; flowstats::seconds(second) <= end; ++second) {
    Conversation refused(kStart + flowstats::seconds(second));
    refused.client().port(static_cast<uint16_t>(10'000 + second));
    refused.client().syn();
    refused.server().rst().with(tests::kAck).at(1_ms);
    all.push_back(refused.frames());
  }
  return tests::merged(all);
}

Outcome run_until(Duration end, const Conversation& talk, const Plan& plan) {
  return run({talk.frames(), ticks(end)}, plan);
}

template <class Check>
void in_both_modes(Check check) {
  for (const Mode mode : kModes) {
    SCOPED_TRACE(mode == Mode::tstat ? "tstat" : "corrected");
    check(Plan{.mode = mode});
  }
}

Duration polled(const ExitRecord& record) { return record.poll - kStart; }

// ---- how connections end ----

TEST(ExitFlows, AClosedConnectionLingersFromItsLastPacket) {
  in_both_modes([](const Plan& plan) {
    Conversation talk;
    talk.handshake();
    talk.server().sends(500).at(30_ms);
    talk.close(1_s);
    const Outcome outcome = run_until(20_s, talk, plan);
    ASSERT_EQ(outcome.records.size(), 1u);
    const ExitRecord& r = outcome.records[0];
    EXPECT_EQ(polled(r), 6021_ms);
    EXPECT_EQ(r.variables.state, ExitState::closed);
    EXPECT_EQ(r.variables.data_bytes_out, 500u);
    EXPECT_EQ(r.variables.last - kStart, 1021_ms);
    EXPECT_EQ(r.ends.port[0], 9999) << "both are internal, so Local is the one that was called";
    // The trace ends before the linger does.
    const Outcome cut = run({talk.frames()}, plan);
    ASSERT_EQ(cut.records.size(), 1u);
    EXPECT_EQ(polled(cut.records[0]), 1021_ms);
    EXPECT_EQ(cut.records[0].variables, r.variables);
  });
}

TEST(ExitFlows, StragglersCountUntilTheLingerIsOver) {
  in_both_modes([](const Plan& plan) {
    Conversation talk;
    talk.handshake();
    talk.server().sends(500).at(30_ms);
    talk.close(1_s);
    talk.server().repeats(1, 500).at(4_s);
    talk.server().repeats(1, 500).at(15_s);  // long after
    for (const bool timers_turn : {false, true}) {
      const Outcome outcome =
          timers_turn ? run_until(20_s, talk, plan) : run({talk.frames()}, plan);
      ASSERT_EQ(outcome.records.size(), 1u);
      EXPECT_EQ(polled(outcome.records[0]), 9_s);
      EXPECT_EQ(outcome.records[0].variables.data_packets_out, 2u);
      EXPECT_EQ(outcome.records[0].variables.packets_retransmitted, 1u);
    }
  });
}

TEST(ExitFlows, AResetEndsAConnectionAndStillLingers) {
  in_both_modes([](const Plan& plan) {
    Conversation talk;
    talk.handshake();
    talk.client().rst().at(1_s);
    talk.server().sends(100).at(1500_ms);
    const Outcome outcome = run_until(20_s, talk, plan);
    ASSERT_EQ(outcome.records.size(), 1u);
    EXPECT_EQ(outcome.records[0].variables.state, ExitState::closed);
    EXPECT_EQ(outcome.records[0].variables.data_packets_out, 1u);
    EXPECT_EQ(polled(outcome.records[0]), 6500_ms);
  });
}

/// Two connections between the same ports, the second `gap` after the start of the first.
std::pair<Frames, Frames> two_between_the_same_ports(Duration gap, bool first_closes) {
  Conversation one, other(kStart + gap);
  one.handshake();
  one.server().sends(100).at(30_ms);
  if (first_closes) one.close(40_ms);
  other.client().isn(70'000'000);
  other.server().isn(90'000'000);
  other.handshake();
  other.server().sends(200).at(30_ms);
  other.close(40_ms);
  return {one.frames(), other.frames()};
}

TEST(ExitFlows, ASynWithAnotherNumberEndsTheConnectionAtOnce) {
  in_both_modes([](const Plan& plan) {
    for (const bool first_closes : {true, false}) {
      for (const Duration gap : {1_s, 60_s, 400_s}) {
        const auto [one, other] = two_between_the_same_ports(gap, first_closes);
        SCOPED_TRACE(gap.us);
        for (const bool timers_turn : {false, true}) {
          const auto clock = timers_turn ? ticks({gap.us + 20'000'000}) : Frames{};
          const Outcome outcome = run({one, other, clock}, plan);
          ASSERT_EQ(outcome.records.size(), 2u);
          const ExitRecord &first = outcome.records[0], &second = outcome.records[1];
          EXPECT_EQ(first.variables.state,
                    first_closes ? ExitState::closed : ExitState::established);
          const bool lingered = first_closes && gap > 6_s;
          EXPECT_EQ(polled(first), lingered ? 5061_ms : gap);
          EXPECT_EQ(first.variables.data_bytes_out, 100u);
          EXPECT_EQ(second.variables.data_bytes_out, 200u);
          EXPECT_EQ(second.variables.packets_out + second.variables.packets_in, 7u);
          EXPECT_NE(first.cid, second.cid);
        }
      }
    }
  });
}

/// The logs end the flow at the reset; the connection goes on with the same SYN.
TEST(ExitFlows, ARepeatedSynGoesOn) {
  in_both_modes([](Plan plan) {
    Conversation talk;
    talk.client().syn();
    talk.server().rst().with(tests::kAck).at(1_ms);
    talk.client().syn().at(1_s);
    talk.server().rst().with(tests::kAck).at(1001_ms);
    plan.exits.incomplete = true;
    const Outcome outcome = run({talk.frames()}, plan);
    ASSERT_EQ(outcome.records.size(), 1u);
    EXPECT_EQ(outcome.records[0].variables.packets_in, 2u);
    EXPECT_EQ(outcome.records[0].variables.packets_out, 2u);
    EXPECT_EQ(outcome.count(Counter::flows_exported), 2u);
  });
}

/// The logs give the flow up in the silence and count the rest as segments without a flow.
TEST(ExitFlows, SilenceThatEndsTheFlowOfTheLogsEndsNoConnection) {
  in_both_modes([](const Plan& plan) {
    Conversation talk;
    talk.handshake();
    talk.server().sends(100).at(400_s);
    talk.close(401_s);
    const Outcome outcome = run_until(420_s, talk, plan);
    ASSERT_EQ(outcome.records.size(), 1u);
    EXPECT_EQ(outcome.records[0].variables.state, ExitState::closed);
    EXPECT_EQ(outcome.records[0].variables.last - outcome.records[0].variables.first, 401'021_ms);
    EXPECT_EQ(outcome.records[0].variables.data_bytes_out, 100u);
    EXPECT_EQ(polled(outcome.records[0]), 406'021_ms);
    EXPECT_EQ(outcome.count(Counter::segments_without_flow), 4u);
  });
}

TEST(ExitFlows, SilentConnectionsExpireWhenAskedFor) {
  in_both_modes([](Plan plan) {
    plan.exits.idle_max = 600_s;
    Conversation open, half_closed;
    open.handshake();
    half_closed.client().port(41'000);
    half_closed.handshake();
    half_closed.client().fin().at(1_s);
    half_closed.server().acks().at(1020_ms);
    const std::vector<Frames> captures = {open.frames(), half_closed.frames(), ticks(700_s)};
    const Outcome unasked = run(captures, plan);
    EXPECT_TRUE(unasked.records.empty());
    EXPECT_EQ(unasked.count(Counter::exit_connections_unfinished), 2u);
    plan.exits.expired = true;
    const Outcome outcome = run(captures, plan);
    ASSERT_EQ(outcome.records.size(), 2u);
    EXPECT_EQ(outcome.records[0].variables.state, ExitState::established);
    EXPECT_EQ(polled(outcome.records[0]), 600'021_ms);
    EXPECT_EQ(outcome.records[1].variables.state, ExitState::close_wait);
    EXPECT_EQ(polled(outcome.records[1]), 301'020_ms);
  });
}

/// A packet that comes when the silence was too long is the end, whether or not a timer turned.
TEST(ExitFlows, WhatIsOverdueEndsAtItsOwnNextPacket) {
  in_both_modes([](Plan plan) {
    plan.exits.idle_max = 600_s;
    plan.exits.expired = true;
    Conversation talk;
    talk.handshake();
    talk.server().sends(100).at(650_s);
    for (const bool timers_turn : {false, true}) {
      const Outcome outcome =
          timers_turn ? run_until(700_s, talk, plan) : run({talk.frames()}, plan);
      ASSERT_EQ(outcome.records.size(), 1u);
      EXPECT_EQ(polled(outcome.records[0]), 600'021_ms);
      EXPECT_EQ(outcome.records[0].variables.data_packets_out, 0u);
    }
  });
}

TEST(ExitFlows, ConnectionsWithoutAHandshakeLeaveRecordsWhenAskedFor) {
  in_both_modes([](Plan plan) {
    Conversation lone, refused, unanswered;
    lone.client().port(41'000).syn();
    refused.client().port(42'000).syn();
    refused.server().rst().with(tests::kAck).at(1_ms);
    unanswered.client().port(43'000).syn();
    unanswered.server().syn_ack().at(20_ms);
    Conversation clock(kStart + 20_s);
    clock.handshake();
    const std::vector<Frames> captures = {lone.frames(), refused.frames(), unanswered.frames(),
                                          clock.frames()};
    const Outcome unasked = run(captures, plan);
    EXPECT_TRUE(unasked.records.empty());
    EXPECT_EQ(unasked.count(Counter::exit_connections_incomplete), 3u);
    plan.exits.incomplete = true;
    // What was answered is alive at the end.
    Outcome outcome = run(captures, plan);
    EXPECT_EQ(outcome.records.size(), 2u);
    EXPECT_EQ(outcome.count(Counter::exit_connections_unfinished), 2u);
    plan.exits.unfinished = true;
    outcome = run(captures, plan);
    std::vector<std::tuple<uint16_t, ExitState, int64_t>> found;
    for (const ExitRecord& r : outcome.records)
      found.emplace_back(r.ends.port[1], r.variables.state, polled(r).us);
    std::sort(found.begin(), found.end());
    const decltype(found) wanted = {{40'000, ExitState::established, (20'021_ms).us},
                                    {41'000, ExitState::syn_received, (5_s).us},
                                    {42'000, ExitState::closed, (5001_ms).us},
                                    {43'000, ExitState::syn_received, (20'021_ms).us}};
    EXPECT_EQ(found, wanted);
  });
}

TEST(ExitFlows, WhatIsAliveAtTheEndIsUnfinished) {
  in_both_modes([](Plan plan) {
    Conversation talk;
    talk.handshake();
    talk.server().sends(100).at(1_s);
    const Outcome unasked = run({talk.frames()}, plan);
    EXPECT_TRUE(unasked.records.empty());
    EXPECT_EQ(unasked.count(Counter::exit_connections_unfinished), 1u);
    plan.exits.unfinished = true;
    const Outcome outcome = run_until(3_s, talk, plan);
    ASSERT_EQ(outcome.records.size(), 1u);
    EXPECT_EQ(outcome.records[0].variables.state, ExitState::established);
    EXPECT_EQ(polled(outcome.records[0]), 3001_ms) << "the last packet of the trace";
  });
}

// ---- views, numbers, limits ----

TEST(ExitFlows, TheSecondViewHasANumberOfItsOwn) {
  in_both_modes([](Plan plan) {
    plan.exits.both_views = true;
    Conversation talk;
    talk.handshake();
    talk.server().sends(500).at(30_ms);
    talk.close(1_s);
    Outcome outcome = run({talk.frames()}, plan);
    ASSERT_EQ(outcome.records.size(), 2u);
    EXPECT_EQ(outcome.count(Counter::exit_views_exchanged), 1u);
    const ExitRecord &server = outcome.records[0], &client = outcome.records[1];
    EXPECT_EQ(server.ends.port[0], 9999);
    EXPECT_EQ(client.ends.port[0], 40'000);
    EXPECT_EQ(server.variables.data_bytes_out, client.variables.data_bytes_in);
    EXPECT_EQ(server.poll, client.poll);
    EXPECT_NE(server.cid, client.cid);
    // Only when both ends are internal; and then the internal one is Local.
    plan.internal.add(flowstats::IpVersion::v4,
                      {flowstats::IpAddress::v4(0xc0000200), flowstats::IpAddress::v4(0xffffff00)});
    outcome = run({talk.frames()}, plan);
    ASSERT_EQ(outcome.records.size(), 1u);
    EXPECT_EQ(outcome.records[0].ends.port[0], 40'000);
    EXPECT_TRUE(outcome.records[0].variables.active_open);
  });
}

/// `count` connections, 10 ms apart, which end in all the ways that there are.
std::vector<Frames> mixture(uint16_t count) {
  std::vector<Frames> captures;
  for (uint16_t i = 0; i < count; ++i) {
    Conversation talk(kStart + Duration{i * 10'000});
    talk.client().port(static_cast<uint16_t>(20'000 + i % 40)).isn(1000u + i * 100'000u);
    talk.handshake();
    for (uint16_t part = 0; part < i % 7; ++part) talk.server().sends(100u + i).at(30_ms);
    if (i % 5 == 0) talk.client().rst().at(1_s);
    if (i % 5 == 1) talk.client().fin().at(1_s);
    if (i % 5 > 2) talk.close(1_s);
    if (i % 3 == 0) talk.server().repeats(1, 50).at(Duration{i * 100'000});
    captures.push_back(talk.frames());
  }
  return captures;
}

TEST(ExitFlows, RecordsDependOnPacketsAlone) {
  in_both_modes([](Plan plan) {
    plan.exits.incomplete = plan.exits.expired = plan.exits.unfinished = true;
    plan.exits.both_views = true;
    const std::vector<Frames> captures = mixture(120);
    const Outcome whole = run(captures, plan);
    EXPECT_GE(whole.records.size(), 200u);
    for (const size_t burst : {1, 7, 64, 1000}) {
      for (const uint32_t shards : {1u, 2u, 3u}) {
        plan.burst = burst;
        plan.shards = shards;
        plan.follows_at_once = shards != 2u;
        SCOPED_TRACE(testing::Message() << burst << " packets, " << shards << " workers");
        const Outcome outcome = run(captures, plan);
        EXPECT_TRUE(whole.same_records(outcome));
        std::set<uint32_t> numbers;
        for (const ExitRecord& r : outcome.records) numbers.insert(r.cid);
        EXPECT_EQ(numbers.size(), outcome.records.size()) << "over all workers";
        EXPECT_FALSE(numbers.contains(0));
      }
    }
  });
}

TEST(ExitFlows, AFullPoolIsCounted) {
  in_both_modes([](Plan plan) {
    plan.exits.connections_max = 2;
    plan.burst = 1;  // the timers have turned before the last connection comes
    std::vector<Frames> captures;
    for (uint16_t i = 0; i < 5; ++i) {
      Conversation talk(kStart + Duration{i * 1000});
      talk.client().port(static_cast<uint16_t>(20'000 + i));
      talk.handshake().close(1_s);
      captures.push_back(talk.frames());
    }
    Conversation later(kStart + 10_s);  // those that lingered are gone
    later.handshake().close(1_s);
    captures.push_back(later.frames());
    const Outcome outcome = run(captures, plan);
    EXPECT_EQ(outcome.records.size(), 3u);
    EXPECT_EQ(outcome.count(Counter::exit_connections_refused), 3u);
    EXPECT_EQ(outcome.count(Counter::flows_exported), 6u);
  });
}

TEST(ExitFlows, AFullPoolOfSegmentsIsCounted) {
  Conversation talk;
  talk.handshake();
  for (int i = 0; i < 5000; ++i) talk.server().sends(10).at(Duration{30'000 + i});
  const Outcome outcome = run({talk.frames()}, Plan{.exits = {.segments_per_side_max = 10'000}});
  EXPECT_GT(outcome.count(Counter::exit_segments_exhausted), 0u);
}

}  // namespace
}  // namespace tapstat::dataplane
