#include "dataplane/lent_memory.h"

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/mempool.h"

namespace tapstat::dataplane {
namespace {

/// eal_environment.cc starts DPDK.
class LentMemoryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pool = PacketPool::create_without_room("lent", 1, 3);
    ASSERT_TRUE(pool) << pool.error().sentence;
    pool_.emplace(std::move(*pool));
  }
  rte_mbuf* fresh() {
    rte_mbuf* buffer = rte_pktmbuf_alloc(pool_->get());
    EXPECT_NE(buffer, nullptr);
    return buffer;
  }

  std::optional<PacketPool> pool_;
};

TEST_F(LentMemoryTest, BuffersShowTheMemory) {
  LentMemory memory(100'000);
  memory.data()[70'000] = 42;
  rte_mbuf* const buffer = fresh();
  memory.lend(buffer, memory.data() + 70'000, 30'000);
  EXPECT_EQ(rte_pktmbuf_mtod(buffer, const uint8_t*), memory.data() + 70'000);
  EXPECT_EQ(buffer->data_len, 30'000);
  memory.close();
  EXPECT_FALSE(memory.all_back());
  rte_pktmbuf_free(buffer);
  EXPECT_TRUE(memory.all_back());
}

TEST_F(LentMemoryTest, BackOnlyWhenTheLastOneIs) {
  LentMemory memory(3 * LentMemory::kStripeBytes);
  std::vector<rte_mbuf*> out;
  for (size_t at = 0; at <= memory.size(); at += 100) {  // the last place is the end
    out.push_back(fresh());
    memory.lend(out.back(), memory.data() + at, 0);
  }
  rte_pktmbuf_free(out.front());  // while its stripe is long closed
  out.erase(out.begin());
  memory.close();
  std::shuffle(out.begin(), out.end(), std::mt19937(1));
  for (rte_mbuf* buffer : out) {
    EXPECT_FALSE(memory.all_back());
    rte_pktmbuf_free(buffer);
  }
  EXPECT_TRUE(memory.all_back());
}

TEST_F(LentMemoryTest, BackBeforeTheStripeIsClosed) {
  LentMemory memory(LentMemory::kStripeBytes);
  for (int round = 0; round < 3; ++round) {
    rte_mbuf* const buffer = fresh();
    memory.lend(buffer, memory.data(), 10);
    rte_pktmbuf_free(buffer);
    memory.close();
    EXPECT_TRUE(memory.all_back());
  }
}

TEST_F(LentMemoryTest, AsManyAsAStripeCanHold) {
  LentMemory memory(LentMemory::kStripeBytes);
  std::vector<rte_mbuf*> out;
  for (size_t at = 0; at < memory.size(); at += 16) {  // a pcap file of empty packets
    out.push_back(fresh());
    memory.lend(out.back(), memory.data() + at, 0);
  }
  memory.close();
  EXPECT_FALSE(memory.all_back());
  rte_pktmbuf_free_bulk(out.data(), static_cast<unsigned>(out.size()));
  EXPECT_TRUE(memory.all_back());
}

/// What a reader does with its workers: lend, hand over, use again when back.
TEST_F(LentMemoryTest, GivenBackByOtherThreads) {
  LentMemory memory(4 * LentMemory::kStripeBytes);
  for (int round = 0; round < 50; ++round) {
    std::vector<rte_mbuf*> out[2];
    std::jthread threads[2];
    for (size_t at = 0, i = 0; at < memory.size(); at += 256, ++i) {
      out[i % 2].push_back(fresh());
      memory.lend(out[i % 2].back(), memory.data() + at, 256);
    }
    for (size_t t = 0; t < 2; ++t)
      threads[t] = std::jthread([&out, t] {
        for (rte_mbuf* buffer : out[t]) rte_pktmbuf_free(buffer);
      });
    memory.close();
    while (!memory.all_back()) std::this_thread::yield();
  }
}

}  // namespace
}  // namespace tapstat::dataplane
