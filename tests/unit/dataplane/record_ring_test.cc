/// What the ring of records promises when the writer is slow, absent or far behind.
#include "dataplane/record_ring.h"

#include <time.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/flow_shard.h"
#include "tests/support/conversation.h"
#include "tests/support/flow_records.h"
#include "tests/support/segment_source.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::TcpRecord;
using namespace tapstat::tests;

double thread_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

TEST(RecordRingSize, ASecondOfFiftyThousandFlowsFits) {
  RecordRing ring(kRecordRingDefault, RecordRing::WhenFull::drop);
  for (uint32_t i = 0; i < 50'000; ++i) {
    TcpRecord* const record = tests::reserve_flow(ring);
    ASSERT_NE(record, nullptr) << i;
    record->epoch = i;
  }
  EXPECT_LT(ring.queued(), 50'000U) << "the last ones are not published yet";
  ring.publish(flowstats::kNever);
  EXPECT_EQ(ring.queued(), 50'000U);
  EXPECT_GE(ring.capacity(), 50'000U);
  std::vector<TcpRecord> batch(256);
  for (uint32_t next = 0; next < 50'000;) {
    const size_t n = tests::drain_flows(ring, batch);
    ASSERT_GT(n, 0U);
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(batch[i].epoch, next++);
  }
  EXPECT_EQ(ring.queued(), 0U);
}

TEST(RecordRingSize, TouchKeepsTheRecords) {
  RecordRing ring(64, RecordRing::WhenFull::drop);
  tests::reserve_flow(ring)->epoch = 5;
  ring.publish(flowstats::kNever);
  ring.touch();
  std::vector<TcpRecord> batch(2);
  ASSERT_EQ(tests::drain_flows(ring, batch), 1U);
  EXPECT_EQ(batch[0].epoch, 5U);
}

/// Records of any size, with texts that say which they are.
TEST(RecordRingSize, RecordsOfAllSizesStayWhole) {
  constexpr uint32_t kRecords = 20'000;
  RecordRing ring(64, RecordRing::WhenFull::wait);
  const auto text_of_record = [](uint32_t number) {
    // Mostly short, some as large as a packet can make them.
    const size_t size = number % 97 == 0 ? 65'000 : number * 7919 % 900;
    return std::string(size, static_cast<char>('a' + number % 26));
  };
  std::thread worker([&] {
    for (uint32_t i = 0; i < kRecords; ++i) {
      const std::string text = text_of_record(i);
      auto* record = flowstats::make_record<flowstats::DnsRecord>(
          ring, flowstats::RecordKind::dns_message, text.size());
      ASSERT_NE(record, nullptr);
      record->epoch = i;
      record->message = flowstats::TextTail(*record).append(text);
      if (i % 5 == 0) ring.publish(flowstats::kNever);
    }
    ring.publish(flowstats::kNever);
  });
  flowstats::RecordBuffer batch(4096, 300);
  uint32_t next = 0;
  while (next < kRecords) {
    batch.clear();
    if (ring.drain(batch, flowstats::kAlways) == 0) std::this_thread::yield();
    batch.for_each([&](const flowstats::RecordHead& head) {
      const auto& record = static_cast<const flowstats::DnsRecord&>(head);
      ASSERT_EQ(record.epoch, next);
      ASSERT_EQ(text_of(record, record.message), text_of_record(next));
      ++next;
    });
  }
  worker.join();
  EXPECT_FALSE(ring.has_records());
}

TEST(RecordRingOrder, ARecordWaitsForTheNamesThatItMayHave) {
  RecordRing ring(64, RecordRing::WhenFull::drop);
  EXPECT_EQ(ring.frontier(), flowstats::kNever);
  const auto put = [&](int64_t first, int64_t closed) {
    TcpRecord* record = tests::reserve_flow(ring);
    record->first = {first};
    record->closed = {closed};
  };
  put(10, 50);
  put(40, 60);
  ring.publish({70});
  EXPECT_EQ(ring.frontier().us, 50);
  flowstats::RecordBuffer batch(4096, 10);
  EXPECT_EQ(ring.drain(batch, {5}), 0U);
  EXPECT_EQ(ring.drain(batch, {30}), 1U) << "the first names of the second may still come";
  EXPECT_EQ(ring.frontier().us, 60);
  EXPECT_EQ(ring.drain_one(batch), 1U);
  EXPECT_EQ(ring.frontier().us, 70) << "empty: nothing is missing up to the published clock";
}

/// A replay: everything waits, nothing is lost, and the waiting worker leaves its CPU to others.
TEST(StalledWriter, LosesNothingAndTheWorkerSleeps) {
  constexpr uint32_t kRecords = 5'000;
  constexpr std::chrono::milliseconds kStall{400};
  RecordRing ring(256, RecordRing::WhenFull::wait);
  std::atomic<double> worker_cpu_s = 0;
  std::thread worker([&] {
    for (uint32_t i = 0; i < kRecords; ++i) {
      TcpRecord* const record = tests::reserve_flow(ring);
      ASSERT_NE(record, nullptr);
      record->epoch = i;
    }
    ring.publish(flowstats::kNever);
    worker_cpu_s = thread_cpu_s();
  });
  std::this_thread::sleep_for(kStall);
  std::vector<TcpRecord> batch(100);
  for (uint32_t next = 0; next < kRecords;)
    for (size_t i = 0, n = tests::drain_flows(ring, batch); i < n; ++i)
      ASSERT_EQ(batch[i].epoch, next++);
  worker.join();
  EXPECT_EQ(tests::drain_flows(ring, batch), 0U);
  EXPECT_LT(worker_cpu_s, 0.25 * std::chrono::duration<double>(kStall).count());
}

/// Frames of `flows` whole connections, one after the other.
std::vector<TimedFrame> connections(uint16_t flows) {
  std::vector<std::vector<TimedFrame>> captures;
  for (uint16_t i = 0; i < flows; ++i) {
    Conversation talk(kStart + flowstats::seconds(i));
    talk.client().port(static_cast<uint16_t>(2000 + i));
    talk.handshake();
    talk.close(100_ms);
    captures.push_back(talk.frames());
  }
  return merged(std::move(captures));
}

/// A live port: what finds no room is counted, and the flows are over all the same.
TEST(StalledWriter, DropsAreCountedWhereTheSourceCannotWait) {
  constexpr uint16_t kFlows = 500;
  flowstats::Measurement measurement;
  measurement.mode = flowstats::Mode::corrected;
  measurement.limits.tcp_flows_max = 1000;
  measurement.limits.segment_records_max = 1000;
  const flowstats::NetworkList networks;
  flowstats::CounterBlock counters;
  RecordRing ring(32, RecordRing::WhenFull::drop);
  const size_t room = ring.capacity();
  ASSERT_LT(room, kFlows);
  FlowShard shard(measurement, networks, ring, counters);
  const SegmentSource source(connections(kFlows),
                             {.mode = measurement.mode, .hash_seed = measurement.hash_seed});
  for (const flowstats::Segment& segment : source.segments()) shard.process({&segment, 1}, 1);
  shard.finish(source.segments().back().time, 1);
  EXPECT_EQ(counters.get(Counter::flows_created), kFlows);
  EXPECT_EQ(counters.get(Counter::flows_exported), room);
  EXPECT_EQ(counters.get(Counter::flows_dropped_queue_full), kFlows - room);
  EXPECT_EQ(shard.flows_open(), 0U);
  std::vector<TcpRecord> batch(1000);
  EXPECT_EQ(tests::drain_flows(ring, batch), room);
}

}  // namespace
}  // namespace tapstat::dataplane
