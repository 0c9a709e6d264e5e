#include "dataplane/live_source.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/mempool.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Duration;
using flowstats::milliseconds;
using flowstats::Timestamp;
using State = PacketSource::State;

constexpr Duration kHold = milliseconds(20);

/// A queue whose packets the test puts in.
class ScriptedQueue final : public PortQueue {
 public:
  explicit ScriptedQueue(rte_mempool* pool) : pool_(pool) {}

  void bring(Timestamp time) { waiting_.push_back(time); }
  void set_link_type(LinkType type) { link_type_ = type; }
  void set_may_nap(bool may) { may_nap_ = may; }
  [[nodiscard]] size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] bool refuses() const { return refuses_; }

  uint16_t receive(rte_mbuf** packets, Timestamp* times, uint16_t count, Timestamp) override {
    const auto n = static_cast<uint16_t>(std::min<size_t>(count, waiting_.size()));
    for (uint16_t i = 0; i < n; ++i) {
      packets[i] = rte_pktmbuf_alloc(pool_);
      times[i] = waiting_.front();
      waiting_.pop_front();
    }
    return n;
  }
  Timestamp silent_until(Timestamp now) const override { return now + Duration{-kHold.us}; }
  void refuse_more(Timestamp) override { refuses_ = true; }
  bool is_drained(Timestamp) override { return refuses_; }
  LinkType link_type() const override { return link_type_; }
  bool may_nap() const override { return may_nap_; }
  size_t bytes() const override { return 1'000; }

 private:
  rte_mempool* pool_;
  std::deque<Timestamp> waiting_;
  LinkType link_type_ = LinkType::ethernet;
  bool may_nap_ = true, refuses_ = false;
};

/// eal_environment.cc starts DPDK.
class LiveSourceTest : public testing::Test {
 protected:
  LiveSourceTest() : clock_(read_clocks(), measure_ticks_hz()) {
    auto made = PacketPool::create("live", 128, 2);
    EXPECT_TRUE(made) << made.error().sentence;
    pool_.emplace(std::move(*made));
  }
  ~LiveSourceTest() override {
    source_.reset();
    EXPECT_EQ(rte_mempool_in_use_count(pool_->get()), 0U);
  }

  void open(size_t queues) {
    std::vector<PortQueue*> all;
    for (size_t i = 0; i < queues; ++i)
      all.push_back(queues_.emplace_back(std::make_unique<ScriptedQueue>(pool_->get())).get());
    source_.emplace(all, clock_, control_);
  }

  /// What one receive() gives; times before this moment, in milliseconds, are `ago`.
  struct Got {
    State state;
    std::vector<int64_t> ms_ago;
    LinkType link_type;
  };
  Got receive() {
    Burst burst;
    Got got{source_->receive(burst), {}, burst.link_type};
    for (uint16_t i = 0; i < burst.count; ++i) {
      got.ms_ago.push_back((base_ - burst.times[i]).us / 1'000);
      EXPECT_GE(burst.clocks[i], burst.times[i]);
      if (i > 0) {
        EXPECT_GE(burst.clocks[i], burst.clocks[i - 1]);
      }
    }
    rte_pktmbuf_free_bulk(burst.packets.data(), burst.count);
    return got;
  }
  void bring(size_t queue, int64_t ms_ago) { queues_[queue]->bring({base_.us - ms_ago * 1'000}); }

  PacketClock clock_;
  const Timestamp base_ = clock_.now();
  SourceControl control_;
  std::optional<PacketPool> pool_;
  std::vector<std::unique_ptr<ScriptedQueue>> queues_;
  std::optional<LiveSource> source_;
};

using Ago = std::vector<int64_t>;

TEST_F(LiveSourceTest, OneQueueIsGivenAsItComes) {
  open(1);
  EXPECT_EQ(receive().state, State::waiting);
  bring(0, 5);
  bring(0, 6);  // a little out of order, as two CPUs of the kernel may bring them
  bring(0, 0);
  EXPECT_EQ(receive().ms_ago, (Ago{5, 6, 0}));
  EXPECT_EQ(source_->clock(), base_);
  EXPECT_EQ(source_->last_frame(), base_);
}

TEST_F(LiveSourceTest, PortsAreMergedByTime) {
  open(2);
  for (const int64_t ago : {900, 700, 500}) bring(0, ago);
  for (const int64_t ago : {800, 600, 400}) bring(1, ago);
  Ago all;
  for (Got got = receive(); got.state == State::packets; got = receive())
    all.insert(all.end(), got.ms_ago.begin(), got.ms_ago.end());
  EXPECT_EQ(all, (Ago{900, 800, 700, 600, 500, 400}));
}

TEST_F(LiveSourceTest, AnAnswerWaitsForItsQuestion) {
  open(2);
  bring(1, -10'000);  // far ahead: the other port may still bring what came before
  EXPECT_EQ(receive().state, State::waiting);
  bring(0, 30);
  EXPECT_EQ(receive().ms_ago, (Ago{30}));
  EXPECT_EQ(receive().state, State::waiting);
}

TEST_F(LiveSourceTest, ASilentPortHoldsNobodyUpForLong) {
  open(2);
  bring(1, 25);  // longer ago than the silent port could be late
  EXPECT_EQ(receive().ms_ago, (Ago{25}));
}

TEST_F(LiveSourceTest, ABurstHasOneLinkType) {
  open(2);
  queues_[1]->set_link_type(LinkType::raw_ip);
  bring(0, 300);
  bring(0, 100);
  bring(1, 200);
  EXPECT_EQ(receive().link_type, LinkType::ethernet);
  EXPECT_EQ(receive().link_type, LinkType::raw_ip);
  EXPECT_EQ(receive().ms_ago, (Ago{100}));
}

TEST_F(LiveSourceTest, StopRefusesMoreAndGivesAllThatIsThere) {
  open(2);
  for (int i = 0; i < 100; ++i) bring(0, -1'000);  // would otherwise wait for the second port
  control_.stop = true;
  size_t packets = 0;
  Got got = receive();
  EXPECT_TRUE(queues_[0]->refuses());
  EXPECT_TRUE(queues_[1]->refuses());
  for (; got.state == State::packets; got = receive()) packets += got.ms_ago.size();
  EXPECT_EQ(packets, 100U);
  EXPECT_EQ(got.state, State::round_ended);
  EXPECT_EQ(receive().state, State::finished);
  EXPECT_EQ(receive().state, State::finished);
}

TEST_F(LiveSourceTest, SilenceIsTimeButNeverBeforeWhatWasGiven) {
  open(1);
  EXPECT_EQ(receive().state, State::waiting);
  const Timestamp quiet = source_->silent_until();
  EXPECT_LE(quiet, clock_.now() + Duration{-LiveSource::kLateMax.us});
  EXPECT_GT(quiet, base_ + Duration{-2 * LiveSource::kLateMax.us});
  bring(0, -60'000);  // a stamp ahead of the clock
  EXPECT_EQ(receive().state, State::packets);
  EXPECT_EQ(receive().state, State::waiting);
  EXPECT_EQ(source_->silent_until(), source_->clock());
}

TEST_F(LiveSourceTest, NapsOnlyWhenAllQueuesMay) {
  open(2);
  EXPECT_TRUE(source_->may_nap());
  queues_[1]->set_may_nap(false);
  const std::vector<PortQueue*> all{queues_[0].get(), queues_[1].get()};
  EXPECT_FALSE(LiveSource(all, clock_, control_).may_nap());
  EXPECT_EQ(source_->bytes(), 2'000U);
}

TEST_F(LiveSourceTest, PacketsThatNobodyTookGoBack) {
  open(2);
  for (int i = 0; i < 10; ++i) bring(0, -10'000);
  EXPECT_EQ(receive().state, State::waiting);
  EXPECT_EQ(queues_[0]->waiting(), 0U);
  EXPECT_EQ(rte_mempool_in_use_count(pool_->get()), 10U);
}

}  // namespace
}  // namespace tapstat::dataplane
