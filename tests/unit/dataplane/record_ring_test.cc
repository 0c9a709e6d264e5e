/// What the ring of records promises when the writer is slow, absent or far behind.
#include "dataplane/record_ring.h"

#include <time.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/flow_shard.h"
#include "tests/support/conversation.h"
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
    TcpRecord* const record = ring.reserve();
    ASSERT_NE(record, nullptr) << i;
    record->epoch = i;
  }
  EXPECT_LT(ring.queued(), 50'000U) << "the last ones are not published yet";
  ring.publish();
  EXPECT_EQ(ring.queued(), 50'000U);
  EXPECT_GE(ring.capacity(), 50'000U);
  std::vector<TcpRecord> batch(256);
  for (uint32_t next = 0; next < 50'000;) {
    const size_t n = ring.drain(batch);
    ASSERT_GT(n, 0U);
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(batch[i].epoch, next++);
  }
  EXPECT_EQ(ring.queued(), 0U);
}

TEST(RecordRingSize, TouchKeepsTheRecords) {
  RecordRing ring(64, RecordRing::WhenFull::drop);
  ring.reserve()->epoch = 5;
  ring.publish();
  ring.touch();
  std::vector<TcpRecord> batch(2);
  ASSERT_EQ(ring.drain(batch), 1U);
  EXPECT_EQ(batch[0].epoch, 5U);
}

/// A replay: everything waits, nothing is lost, and the waiting worker leaves its CPU to others.
TEST(StalledWriter, LosesNothingAndTheWorkerSleeps) {
  constexpr uint32_t kRecords = 5'000;
  constexpr std::chrono::milliseconds kStall{400};
  RecordRing ring(256, RecordRing::WhenFull::wait);
  std::atomic<double> worker_cpu_s = 0;
  std::thread worker([&] {
    for (uint32_t i = 0; i < kRecords; ++i) {
      TcpRecord* const record = ring.reserve();
      ASSERT_NE(record, nullptr);
      record->epoch = i;
    }
    ring.publish();
    worker_cpu_s = thread_cpu_s();
  });
  std::this_thread::sleep_for(kStall);
  std::vector<TcpRecord> batch(100);
  for (uint32_t next = 0; next < kRecords;)
    for (size_t i = 0, n = ring.drain(batch); i < n; ++i) ASSERT_EQ(batch[i].epoch, next++);
  worker.join();
  EXPECT_EQ(ring.drain(batch), 0U);
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
  constexpr uint16_t kFlows = 100;
  constexpr size_t kRoom = 31;  // of an rte_ring one slot stays empty
  flowstats::Measurement measurement;
  measurement.mode = flowstats::Mode::corrected;
  measurement.limits.tcp_flows_max = 1000;
  measurement.limits.segment_records_max = 1000;
  const flowstats::NetworkList networks;
  flowstats::CounterBlock counters;
  RecordRing ring(32, RecordRing::WhenFull::drop);
  FlowShard shard(measurement, networks, ring, counters);
  const SegmentSource source(connections(kFlows),
                             {.mode = measurement.mode, .hash_seed = measurement.hash_seed});
  for (const flowstats::Segment& segment : source.segments()) shard.process({&segment, 1}, 1);
  shard.finish(source.segments().back().time, 1);
  EXPECT_EQ(counters.get(Counter::flows_created), kFlows);
  EXPECT_EQ(counters.get(Counter::flows_exported), kRoom);
  EXPECT_EQ(counters.get(Counter::flows_dropped_queue_full), kFlows - kRoom);
  EXPECT_EQ(shard.flows_open(), 0U);
  std::vector<TcpRecord> batch(200);
  EXPECT_EQ(ring.drain(batch), kRoom);
}

}  // namespace
}  // namespace tapstat::dataplane
