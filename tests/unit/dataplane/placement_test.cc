/// Where packet threads and their memory are: CPUs of lcores, memory nodes of what a worker
/// touched.
#include <sched.h>

#include <atomic>
#include <cstdio>
#include <vector>

#include <gtest/gtest.h>
#include <numaif.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "dataplane/eal.h"
#include "dataplane/flow_shard.h"
#include "dataplane/mempool.h"

namespace tapstat::dataplane {
namespace {

using Cpus = std::vector<int>;

TEST(SpareCpus, AreThoseBehindThePacketThreads) {
  EXPECT_EQ(spare_cpus({0, 1, 2, 3}, 1), (Cpus{1, 2, 3}));
  EXPECT_EQ(spare_cpus({4, 6, 9}, 2), Cpus{9});
}

TEST(SpareCpus, AreAllWhenNoneIsLeftOver) {
  EXPECT_EQ(spare_cpus({0, 1}, 2), (Cpus{0, 1}));
  EXPECT_EQ(spare_cpus({0, 1}, 5), (Cpus{0, 1}));
  EXPECT_EQ(spare_cpus({3}, 1), Cpus{3});
}

/// What a worker's lcore found after it had touched a block.
struct Found {
  flowstats::PageBlock block{5 * flowstats::kHugePage};
  std::vector<int> nodes;  // of every page asked about
  unsigned cpu = 0, node = 0;
  cpu_set_t affinity{};
  std::atomic<bool> done = false;  // says to the thread sanitizer what DPDK's wait does
};

int touch_and_look(void* argument) {
  auto& found = *static_cast<Found*>(argument);
  sched_getaffinity(0, sizeof found.affinity, &found.affinity);
  getcpu(&found.cpu, &found.node);
  found.block.touch();
  for (size_t offset = 0; offset < found.block.size(); offset += 64 * 4096) {
    int node = -1;
    char* const page = static_cast<char*>(found.block.data()) + offset;
    if (get_mempolicy(&node, nullptr, 0, page, MPOL_F_NODE | MPOL_F_ADDR) == 0)
      found.nodes.push_back(node);
  }
  found.done.store(true, std::memory_order_release);
  return 0;
}

void look_from(unsigned lcore, Found& found) {
  ASSERT_EQ(rte_eal_remote_launch(touch_and_look, &found, lcore), 0);
  ASSERT_EQ(rte_eal_wait_lcore(lcore), 0);
  ASSERT_TRUE(found.done.load(std::memory_order_acquire));
}

TEST(MemoryNode, TouchedPagesAreNearTheLcoreThatTouchedThem) {
  Found found;
  ASSERT_NO_FATAL_FAILURE(look_from(1, found));
  EXPECT_EQ(CPU_COUNT(&found.affinity), 1) << "lcores are pinned";
  EXPECT_TRUE(CPU_ISSET(found.cpu, &found.affinity));
  if (found.nodes.empty()) GTEST_SKIP() << "this kernel does not tell the node of a page";
  EXPECT_EQ(found.nodes.size(), 5 * flowstats::kHugePage / (64 * 4096));
  for (const int node : found.nodes) EXPECT_EQ(node, static_cast<int>(found.node));
}

/// Packet buffers are made by the control thread and used by the first packet thread.
TEST(MemoryNode, PacketBuffersAreNearTheFirstPacketThread) {
  Found found;
  ASSERT_NO_FATAL_FAILURE(look_from(1, found));
  const auto pool = PacketPool::create("placement", 128, 2);
  ASSERT_TRUE(pool) << pool.error().sentence;
  rte_mbuf* const packet = rte_pktmbuf_alloc(pool->get());
  ASSERT_NE(packet, nullptr);
  *rte_pktmbuf_mtod(packet, char*) = 1;
  int node = -1;
  const long told =
      get_mempolicy(&node, nullptr, 0, rte_pktmbuf_mtod(packet, void*), MPOL_F_NODE | MPOL_F_ADDR);
  rte_pktmbuf_free(packet);
  if (told != 0) GTEST_SKIP() << "this kernel does not tell the node of a page";
  EXPECT_EQ(node, static_cast<int>(found.node));
}

TEST(MemoryNode, AShardTouchesItsTables) {
  flowstats::Measurement measurement;
  measurement.limits.tcp_flows_max = 20'000;
  measurement.limits.udp_flows_max = 20'000;
  measurement.limits.segment_records_max = measurement.limits.segment_trains_max = 1;
  const flowstats::NetworkList networks;
  flowstats::CounterBlock counters;
  RecordRing ring(4096, RecordRing::WhenFull::drop);
  const auto resident_bytes = [] {
    std::FILE* const file = std::fopen("/proc/self/statm", "re");
    long all = 0, resident = 0;
    EXPECT_EQ(std::fscanf(file, "%ld %ld", &all, &resident), 2);
    std::fclose(file);
    return static_cast<size_t>(resident) * 4096;
  };
  // 4 KiB pages: hugetlb pages are not in the resident set.
  flowstats::set_page_policy(flowstats::PagePolicy::ordinary);
  FlowShard shard(measurement, networks, ring, counters);
  flowstats::set_page_policy(flowstats::PagePolicy::automatic);
  const size_t before = resident_bytes();
  shard.touch();
  EXPECT_GE(resident_bytes() + (size_t{1} << 20),
            before + shard.bytes() - shard.bytes_on_use() - ring.bytes());
}

}  // namespace
}  // namespace tapstat::dataplane
