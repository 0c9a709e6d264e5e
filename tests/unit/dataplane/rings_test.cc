#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/config_epoch.h"
#include "dataplane/packet_handoff.h"
#include "dataplane/record_ring.h"
#include "dataplane/shard.h"
#include "tests/support/flow_records.h"

namespace tapstat::dataplane {
namespace {

using flowstats::ActiveConfig;
using flowstats::TcpRecord;

TEST(RecordRing, CarriesEveryRecordOnceAndInOrderAcrossThreads) {
  constexpr uint32_t kRecords = 20'000;
  RecordRing ring(64, RecordRing::WhenFull::wait);
  std::thread worker([&] {
    for (uint32_t i = 0; i < kRecords; ++i) {
      TcpRecord* record = tests::reserve_flow(ring);
      ASSERT_NE(record, nullptr);
      record->epoch = i;
      if (i % 7 == 0) ring.publish(flowstats::kNever);
    }
    ring.publish(flowstats::kNever);
  });
  std::vector<TcpRecord> batch(50);
  for (uint32_t next = 0; next < kRecords;)
    for (size_t i = 0, n = tests::drain_flows(ring, batch); i < n; ++i)
      ASSERT_EQ(batch[i].epoch, next++);
  worker.join();
  EXPECT_EQ(tests::drain_flows(ring, batch), 0u);
}

TEST(RecordRing, NothingIsVisibleBeforePublish) {
  RecordRing ring(64, RecordRing::WhenFull::drop);
  std::vector<TcpRecord> batch(4);
  static_cast<void>(tests::reserve_flow(ring));
  EXPECT_EQ(tests::drain_flows(ring, batch), 0u);
  ring.publish(flowstats::kNever);
  EXPECT_EQ(tests::drain_flows(ring, batch), 1u);
}

TEST(RecordRing, FullRingDropsWhenAskedTo) {
  RecordRing ring(16, RecordRing::WhenFull::drop);
  uint32_t reserved = 0;
  while (reserved < 1000 && tests::reserve_flow(ring) != nullptr) ++reserved;
  ring.publish(flowstats::kNever);
  EXPECT_EQ(reserved, ring.capacity());
  std::vector<TcpRecord> batch(1000);
  EXPECT_EQ(tests::drain_flows(ring, batch), reserved);
  EXPECT_NE(tests::reserve_flow(ring), nullptr);
}

TEST(PacketHandoff, CarriesMarksBehindThePackets) {
  constexpr int kPackets = 5000;
  PacketHandoff handoff(32, PacketHandoff::WhenFull::wait);
  std::thread dispatcher([&] {
    std::vector<HandedPacket> lot;
    for (int i = 0; i < kPackets; ++i) {
      lot.push_back({reinterpret_cast<rte_mbuf*>(0x1000),
                     {i},
                     {i},
                     HandedPacket::Mark::none,
                     LinkType::ethernet});
      if (lot.size() == 50) {
        EXPECT_EQ(handoff.push(lot), lot.size());
        lot.clear();
      }
    }
    const HandedPacket end{nullptr, {7}, {8}, HandedPacket::Mark::end_of_run, LinkType::ethernet};
    handoff.push_mark(end);
  });
  std::vector<HandedPacket> out(20);
  int next = 0;
  for (bool end = false; !end;)
    for (size_t i = 0, n = handoff.pop(out); i < n; ++i) {
      end = out[i].mark == HandedPacket::Mark::end_of_run;
      if (!end) {
        ASSERT_EQ(out[i].time.us, next++);
      }
    }
  dispatcher.join();
  EXPECT_EQ(next, kPackets);
}

TEST(ConfigEpoch, OldConfigurationIsFreedOnlyAfterEveryReaderMovedOn) {
  ActiveConfig first;
  first.groups = flowstats::GroupMask(1);
  ConfigEpoch config(first, 2);
  std::atomic<bool> stop = false, offline = false;
  std::atomic<uint32_t> seen = 0;
  std::thread reader([&] {
    config.online(0);
    while (!stop) {
      const ActiveConfig& current = config.current();
      const uint32_t epoch = current.epoch;
      // Written together, read together: a freed or torn configuration would differ (and the
      // sanitizers would say so).
      ASSERT_EQ(current.groups.bits(), epoch % 16);
      seen = epoch;
      config.quiescent(0);
    }
    config.offline(0);
    offline = true;
  });
  while (seen == 0) std::this_thread::yield();
  for (uint32_t epoch = 2; epoch < 500; ++epoch) {
    ActiveConfig next;
    next.epoch = epoch;
    next.groups = flowstats::GroupMask(static_cast<uint8_t>(epoch % 16));
    const uint64_t token = config.publish(next);
    if (epoch % 3 == 0)
      while (!config.in_force(token)) std::this_thread::yield();
  }
  while (seen != 499) std::this_thread::yield();
  stop = true;
  reader.join();
  EXPECT_TRUE(offline);
}

TEST(ConfigEpoch, IsNotInForceWhileAReaderHasNotMovedOn) {
  ConfigEpoch config(ActiveConfig{}, 2);
  config.online(0);
  config.online(1);
  ActiveConfig next;
  next.epoch = 2;
  const uint64_t token = config.publish(next);
  EXPECT_FALSE(config.in_force(token));
  config.quiescent(0);
  EXPECT_FALSE(config.in_force(token));
  config.quiescent(1);
  EXPECT_TRUE(config.in_force(token));
  next.epoch = 3;
  const uint64_t later = config.publish(next);
  config.offline(0);
  config.offline(1);
  EXPECT_TRUE(config.in_force(later));
  EXPECT_TRUE(config.in_force(token));
}

TEST(Shard, SpreadsAndStaysInRange) {
  std::vector<int> hits(3);
  for (uint64_t i = 0; i < 3000; ++i) ++hits.at(worker_of(i * 0x9e3779b97f4a7c15, 3));
  for (const int h : hits) EXPECT_NEAR(h, 1000, 200);
  EXPECT_EQ(worker_of(~uint64_t{0}, 7), 6u);
  EXPECT_EQ(worker_of(12345, 1), 0u);
}

}  // namespace
}  // namespace tapstat::dataplane
