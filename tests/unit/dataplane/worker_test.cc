#include "dataplane/worker.h"

#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/burst_frames.h"
#include "dataplane/mempool.h"
#include "dataplane/packet_reader.h"
#include "tests/support/flow_records.h"
#include "tests/support/packet_builder.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::IpAddress;
using flowstats::TcpRecord;
using flowstats::Timestamp;
using tests::FrameBytes;
using Mark = HandedPacket::Mark;

constexpr Timestamp kStart{1'600'000'000'000'000};

Timestamp after_ms(int64_t ms) { return {kStart.us + ms * 1000}; }

FrameBytes syn(uint32_t client) {
  return tests::PacketBuilder()
      .ethernet()
      .ipv4()
      .tcp({.source_port = static_cast<uint16_t>(1024 + client), .flags = tests::kSyn})
      .build();
}

/// A worker behind its ring; the test is the dispatcher. eal_environment.cc starts DPDK.
class WorkerTest : public testing::Test {
 protected:
  WorkerTest()
      : records_(1 << 15, RecordRing::WhenFull::drop),
        config_({}, 1),
        ring_(1024, PacketHandoff::WhenFull::wait) {
    measurement_.limits.tcp_flows_max = 20'000;
    shard_.emplace(measurement_, internal_, records_, counters_);
    worker_.emplace(measurement_, *shard_, counters_, config_, 0, status_);
    auto made = PacketPool::create("worker", 128, 2);
    EXPECT_TRUE(made) << made.error().sentence;
    pool_.emplace(std::move(*made));
  }

  void push_mark(Mark mark, Timestamp time) {
    const HandedPacket packet{nullptr, time, time, mark, LinkType::ethernet};
    EXPECT_EQ(ring_.push({&packet, 1}), 1U);
  }
  /// With its hash; waits for a buffer.
  void push(const FrameBytes& bytes, Timestamp time) {
    rte_mbuf* packet = nullptr;
    while ((packet = rte_pktmbuf_alloc(pool_->get())) == nullptr) std::this_thread::yield();
    std::memcpy(rte_pktmbuf_append(packet, static_cast<uint16_t>(bytes.size())), bytes.data(),
                bytes.size());
    flowstats::Segment segment;
    bool is_ip = false;
    if (parse({measurement_.mode, LinkType::ethernet, measurement_.hash_seed}, first_buffer(packet),
              packet->pkt_len, segment, is_ip) == Counter::analysed_packets)
      set_flow_hash(packet, segment.hash);
    const HandedPacket handed{packet, time, time, Mark::none, LinkType::ethernet};
    EXPECT_EQ(ring_.push({&handed, 1}), 1U);
  }

  /// Runs the worker while `dispatch` feeds the ring.
  template <class Dispatch>
  std::vector<TcpRecord> run(Dispatch dispatch) {
    std::thread worker([&] { worker_->run_from_dispatcher(ring_); });
    dispatch();
    worker.join();
    std::vector<TcpRecord> all(1 << 15);
    all.resize(tests::drain_flows(records_, all));
    EXPECT_TRUE(status_.finished);
    EXPECT_EQ(rte_mempool_in_use_count(pool_->get()), 0u) << "every packet was freed";
    return all;
  }

  /// When the flow of the first of many SYNs, one each millisecond, is given up. `first_ip` before
  /// them, if any.
  Timestamp first_flow_closed(std::optional<Timestamp> first_ip) {
    constexpr uint32_t kSyns = 15'100;
    const auto records = run([&] {
      if (first_ip) push_mark(Mark::first_ip, *first_ip);
      for (uint32_t i = 0; i < kSyns; ++i) push(syn(i), after_ms(i));
      push_mark(Mark::end_of_run, after_ms(kSyns));
    });
    for (const TcpRecord& r : records)
      if (r.port[0] == 1024) return r.closed;
    return flowstats::kNever;
  }

  flowstats::Measurement measurement_;
  flowstats::NetworkList internal_;
  flowstats::CounterBlock counters_;
  RecordRing records_;
  ConfigEpoch config_;
  WorkerStatus status_;
  std::optional<FlowShard> shard_;
  std::optional<Worker> worker_;
  PacketHandoff ring_;
  std::optional<PacketPool> pool_;
};

TEST_F(WorkerTest, ProcessesPacketsBetweenMarks) {
  const auto records = run([&] {
    push(syn(1), after_ms(0));
    push(syn(2), after_ms(1));
    push_mark(Mark::end_of_round, after_ms(1));
    push(syn(1), after_ms(5000));
    push_mark(Mark::end_of_round, after_ms(5000));
    push_mark(Mark::end_of_run, after_ms(5000));
  });
  EXPECT_EQ(records.size(), 3u) << "each round closes its flows";
  EXPECT_EQ(status_.packets_done, 3u);
  EXPECT_EQ(counters_.get(Counter::tcp_segments), 3u);
  EXPECT_EQ(counters_.get(Counter::rx_packets), 0u) << "the dispatcher counts them";
}

// The sweep looks at two classes of slots each millisecond and comes round every 5 s. The flow in
// slot 1 is looked at first 1 ms after the clock's start, and given up when it is seen idle for
// more than 10 s. If another packet started the clock 1 ms earlier, it is seen idle for exactly 10
// s.
TEST_F(WorkerTest, OwnFirstPacketStartsTheSweepClock) {
  EXPECT_EQ(first_flow_closed(std::nullopt), after_ms(10'001));
}
TEST_F(WorkerTest, FirstIpPacketOfTheTraceStartsTheSweepClock) {
  EXPECT_EQ(first_flow_closed(after_ms(-1)), after_ms(15'000));
}

}  // namespace
}  // namespace tapstat::dataplane
