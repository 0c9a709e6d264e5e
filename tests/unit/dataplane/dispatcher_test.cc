#include "dataplane/dispatcher.h"

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/mempool.h"
#include "dataplane/packet_reader.h"
#include "dataplane/shard.h"
#include "tests/support/packet_builder.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::IpAddress;
using flowstats::Timestamp;
using tests::FrameBytes;
using tests::PacketBuilder;
using Mark = HandedPacket::Mark;

constexpr uint32_t kWorkers = 3;

/// eal_environment.cc starts DPDK.
class DispatcherTest : public testing::Test {
 protected:
  DispatcherTest() {
    auto made = PacketPool::create("dispatch", 128, 2);
    EXPECT_TRUE(made) << made.error().sentence;
    pool_.emplace(std::move(*made));
    std::vector<PacketHandoff*> ends;
    for (uint32_t w = 0; w < kWorkers; ++w) {
      ends.push_back(
          rings_.emplace_back(std::make_unique<PacketHandoff>(1024, PacketHandoff::WhenFull::wait))
              .get());
      statuses_.push_back(worker_status_.emplace_back(std::make_unique<WorkerStatus>()).get());
    }
    dispatcher_.emplace(measurement_, counters_, std::move(ends), statuses_, status_);
  }

  void add(Burst& burst, const FrameBytes& bytes) {
    rte_mbuf* const packet = rte_pktmbuf_alloc(pool_->get());
    ASSERT_NE(packet, nullptr);
    std::memcpy(rte_pktmbuf_append(packet, static_cast<uint16_t>(bytes.size())), bytes.data(),
                bytes.size());
    burst.packets[burst.count] = packet;
    burst.times[burst.count] = burst.clocks[burst.count] = {++time_us_};
    ++burst.count;
  }

  std::vector<HandedPacket> received(uint32_t worker) {
    std::vector<HandedPacket> all(1024);
    all.resize(rings_[worker]->pop(all));
    for (const HandedPacket& h : all)
      if (h.packet != nullptr) to_free_.push_back(h.packet);
    return all;
  }
  void TearDown() override {
    rte_pktmbuf_free_bulk(to_free_.data(), static_cast<unsigned>(to_free_.size()));
    EXPECT_EQ(rte_mempool_in_use_count(pool_->get()), 0u) << "every packet was freed once";
  }

  flowstats::Measurement measurement_;
  flowstats::CounterBlock counters_;
  std::optional<PacketPool> pool_;
  std::vector<std::unique_ptr<PacketHandoff>> rings_;
  std::vector<std::unique_ptr<WorkerStatus>> worker_status_;
  std::vector<WorkerStatus*> statuses_;
  WorkerStatus status_;
  std::optional<Dispatcher> dispatcher_;
  std::vector<rte_mbuf*> to_free_;
  int64_t time_us_ = 1000;
};

FrameBytes tcp_from(uint16_t port) {
  return PacketBuilder().ethernet().ipv4().tcp({.source_port = port}).build();
}
FrameBytes icmp() { return PacketBuilder().ethernet().ipv4().icmp_echo().build(); }

TEST_F(DispatcherTest, EveryPacketReachesTheWorkerOfItsHash) {
  for (uint16_t port = 1; port <= 320;) {
    Burst burst;
    for (int i = 0; i < kBurst; ++i) add(burst, tcp_from(port++));
    dispatcher_->dispatch(burst);
  }
  dispatcher_->hand_over();
  size_t packets = 0;
  for (uint32_t w = 0; w < kWorkers; ++w) {
    int64_t last_us = 0;
    for (const HandedPacket& h : received(w)) {
      if (h.mark != Mark::none) continue;
      ++packets;
      const uint64_t hash = flow_hash(h.packet);
      EXPECT_EQ(worker_of(hash, kWorkers), w);
      EXPECT_GT(h.time.us, last_us) << "in order";
      last_us = h.time.us;
      flowstats::Segment segment;
      bool is_ip = false;
      ASSERT_EQ(parse({measurement_.mode, h.link_type, measurement_.hash_seed},
                      first_buffer(h.packet), h.packet->pkt_len, segment, is_ip),
                Counter::analysed_packets);
      EXPECT_EQ(hash, segment.hash);
    }
  }
  EXPECT_EQ(packets, 320u);
  EXPECT_EQ(counters_.get(Counter::rx_packets), 320u);
}

TEST_F(DispatcherTest, CountsAndFreesWhatIsNotAnalysed) {
  Burst burst;
  add(burst, tests::arp_request());
  add(burst, tcp_from(1));
  add(burst, icmp());
  dispatcher_->dispatch(burst);
  dispatcher_->hand_over();
  size_t packets = 0;
  for (uint32_t w = 0; w < kWorkers; ++w)
    for (const HandedPacket& h : received(w)) packets += h.mark == Mark::none ? 1 : 0;
  EXPECT_EQ(packets, 1u);
  EXPECT_EQ(counters_.get(Counter::dropped_not_ip), 1u);
  EXPECT_EQ(counters_.get(Counter::dropped_not_tcp_udp), 1u);
  EXPECT_EQ(counters_.get(Counter::rx_packets), 3u);
}

TEST_F(DispatcherTest, AllWorkersLearnTheTimeOfTheFirstIpPacketThatNobodyGets) {
  Burst first, second;
  add(first, tests::arp_request());
  add(first, icmp());  // at 1002 us, kept here
  add(second, tcp_from(1));
  dispatcher_->dispatch(first);
  dispatcher_->dispatch(second);
  dispatcher_->hand_over();
  size_t packets = 0;
  for (uint32_t w = 0; w < kWorkers; ++w) {
    const auto all = received(w);
    ASSERT_FALSE(all.empty()) << "worker " << w;
    EXPECT_EQ(all[0].mark, Mark::first_ip) << "before the packets";
    EXPECT_EQ(all[0].time.us, 1002);
    packets += all.size() - 1;
  }
  EXPECT_EQ(packets, 1u) << "one mark each and the one packet";
}

TEST_F(DispatcherTest, ALotWaitsForFewBurstsOnly) {
  for (int i = 0; i < 64; ++i) {
    Burst burst;
    add(burst, tcp_from(1));
    dispatcher_->dispatch(burst);
  }
  size_t packets = 0;
  for (uint32_t w = 0; w < kWorkers; ++w)
    for (const HandedPacket& h : received(w)) packets += h.mark == Mark::none ? 1 : 0;
  EXPECT_GE(packets, 32u);
  dispatcher_->hand_over();
  for (uint32_t w = 0; w < kWorkers; ++w)
    for (const HandedPacket& h : received(w)) packets += h.mark == Mark::none ? 1 : 0;
  EXPECT_EQ(packets, 64u);
}

}  // namespace
}  // namespace tapstat::dataplane
