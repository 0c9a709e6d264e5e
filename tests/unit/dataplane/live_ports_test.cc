#include "dataplane/live_ports.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/burst.h"
#include "dataplane/mempool.h"
#include "dataplane/packet_source.h"
#include "tests/support/veth_pair.h"
#include "tests/unit/dataplane/mbuf_frames.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Counter;
using flowstats::ExitStatus;
using tests::FrameBytes;
using tests::FrameSender;
using tests::PacketBuilder;
using tests::VethPair;
using State = PacketSource::State;

constexpr uint32_t kLiveSnap = 2'048;

/// eal_environment.cc starts DPDK.
class LivePortsTest : public testing::Test {
 protected:
  void open(const std::vector<PortRequest>& requests, unsigned workers = 1) {
    auto opened = LivePorts::open(requests, workers, kLiveSnap);
    ASSERT_TRUE(opened) << opened.error().sentence;
    ports_ = std::move(*opened);
    sources_ = ports_->sources(control_);
    // From here on they take what comes.
    Burst burst;
    for (const auto& source : sources_) EXPECT_EQ(source->receive(burst), State::waiting);
  }
  std::string refusal(const PortRequest& request, unsigned workers = 1) {
    const auto opened = LivePorts::open({&request, 1}, workers, kLiveSnap);
    if (opened) return "opened";
    EXPECT_EQ(opened.error().status, ExitStatus::environment);
    return opened.error().sentence;
  }

  /// What a source gives until `count` packets are there or nothing came for a while.
  std::vector<FrameBytes> receive(PacketSource& source, size_t count) {
    std::vector<FrameBytes> got;
    Burst burst;
    for (int idle = 0; got.size() < count && idle < 300;) {
      last_state_ = source.receive(burst);
      for (uint16_t i = 0; i < burst.count; ++i) got.push_back(tests::bytes_of(burst.packets[i]));
      rte_pktmbuf_free_bulk(burst.packets.data(), burst.count);
      idle = burst.count == 0 ? idle + 1 : 0;
      if (burst.count == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      if (last_state_ == State::finished) break;
    }
    return got;
  }
  uint64_t count(Counter counter) {
    ports_->update();
    return ports_->counters().get(counter);
  }

  SourceControl control_;
  std::unique_ptr<LivePorts> ports_;
  std::vector<std::unique_ptr<PacketSource>> sources_;
  State last_state_ = State::waiting;
};

/// DPDK's ring device: what the test puts into its ring is received.
class RingPortTest : public LivePortsTest {
 protected:
  RingPortTest() {
    auto made = PacketPool::create("ring_frames", 128, 1);
    EXPECT_TRUE(made) << made.error().sentence;
    pool_.emplace(std::move(*made));
  }
  ~RingPortTest() override {
    sources_.clear();
    ports_.reset();
  }
  void put(const std::string& device, const FrameBytes& frame) {
    rte_ring* const ring = rte_ring_lookup(("ETH_RXTX0_" + device).c_str());
    ASSERT_NE(ring, nullptr);
    rte_mbuf* const packet = rte_pktmbuf_alloc(pool_->get());
    ASSERT_NE(packet, nullptr);
    std::memcpy(rte_pktmbuf_append(packet, static_cast<uint16_t>(frame.size())), frame.data(),
                frame.size());
    ASSERT_EQ(rte_ring_enqueue(ring, packet), 0);
  }

  std::optional<PacketPool> pool_;
};

PortRequest ring(const std::string& device, uint16_t queues = 0) {
  return {.name = device, .kind = PortKind::vdev, .device = device, .queues = queues};
}

TEST_F(RingPortTest, PacketsOfAVirtualDeviceAreReceivedAndCounted) {
  open({ring("net_ring0")});
  const auto frames = tests::frames_of(std::vector<size_t>(100, 80));
  for (const auto& frame : frames) put("net_ring0", frame.bytes);
  const auto got = receive(*sources_[0], frames.size());
  ASSERT_EQ(got.size(), frames.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], frames[i].bytes);
  EXPECT_EQ(count(Counter::port_packets), 100U);
  EXPECT_EQ(count(Counter::port_packets), 100U) << "counted again";
  const PortFigures f = ports_->figures().at(0);
  EXPECT_EQ(f.driver, "net_ring");
  EXPECT_EQ(f.queues, 1U);
  EXPECT_TRUE(f.is_up);
  EXPECT_TRUE(f.is_present);
  EXPECT_FALSE(ports_->frames_may_be_cut());
  EXPECT_TRUE(sources_[0]->may_nap());
}

TEST_F(RingPortTest, StopTakesWhatIsThereAndEnds) {
  open({ring("net_ring0"), ring("net_ring1")});
  ASSERT_EQ(sources_.size(), 1U);
  for (int i = 0; i < 50; ++i) {
    put("net_ring0", FrameBytes(60, 0));
    put("net_ring1", FrameBytes(60, 1));
  }
  control_.stop = true;
  EXPECT_EQ(receive(*sources_[0], 1'000).size(), 100U);
  EXPECT_EQ(last_state_, State::finished);
  EXPECT_EQ(count(Counter::port_packets), 100U);
  EXPECT_EQ(count(Counter::dropped_nic_missed), 0U);
}

TEST_F(RingPortTest, ControlAsksWhileAnotherThreadReceives) {
  open({ring("net_ring0"), ring("net_ring1")});
  for (int i = 0; i < 500; ++i) {
    put("net_ring0", FrameBytes(60, 0));
    put("net_ring1", FrameBytes(60, 1));
  }
  size_t got = 0;
  std::thread receiver([&] {
    do {
      got += receive(*sources_[0], 1'000).size();
    } while (last_state_ != State::finished);
  });
  for (int i = 0; i < 200; ++i) {
    ports_->update();
    EXPECT_EQ(ports_->figures().size(), 2U);
  }
  control_.stop = true;
  receiver.join();
  EXPECT_EQ(got, 1'000U);
  EXPECT_EQ(count(Counter::port_packets), 1'000U);
}

TEST_F(RingPortTest, OneSourceForAllWhereThePortCannotSpreadConnections) {
  open({ring("net_ring0")}, 3);
  EXPECT_EQ(sources_.size(), 1U);
  EXPECT_EQ(ports_->figures().at(0).queues, 1U);
}

TEST_F(RingPortTest, QueuesThatAreAskedForAreNotLeftOutSilently) {
  const std::string said = refusal(ring("net_ring0", 2), 2);
  EXPECT_NE(said.find("2 queues were asked for"), std::string::npos) << said;
  EXPECT_NE(said.find("net_ring"), std::string::npos) << said;
}

TEST_F(RingPortTest, TheDeviceIsGoneWithItsPort) {
  for (int round = 0; round < 40; ++round) {  // more than DPDK has room for at a time
    open({ring("net_ring0")});
    sources_.clear();
    ports_.reset();
  }
  uint16_t port = 0;
  EXPECT_NE(rte_eth_dev_get_port_by_name("net_ring0", &port), 0);
}

TEST_F(LivePortsTest, DevicesThatAreNotThere) {
  EXPECT_NE(refusal(ring("net_nothing0")).find("net_nothing0"), std::string::npos);
  const std::string said =
      refusal({.name = "card", .kind = PortKind::pci, .device = "0000:fe:1f.7"});
  EXPECT_NE(said.find("0000:fe:1f.7"), std::string::npos) << said;
  EXPECT_NE(said.find("vfio-pci"), std::string::npos) << said;
}

TEST_F(LivePortsTest, MemoryGrowsWithWorkersAndPorts) {
  const std::vector<PortRequest> one = {{.name = "a", .device = "a"}}, two = {one[0], ring("b")};
  EXPECT_GT(LivePorts::memory_mib(one, 4, kLiveSnap), LivePorts::memory_mib(one, 1, kLiveSnap));
  EXPECT_GT(LivePorts::memory_mib(two, 1, kLiveSnap), LivePorts::memory_mib(one, 1, kLiveSnap));
  EXPECT_LT(LivePorts::memory_mib(one, 1, kLiveSnap), 256U) << "what start_eal() takes by default";
}

/// Ports that need a network of their own.
class NetworkPortTest : public LivePortsTest {
 protected:
  void SetUp() override {
    if (!tests::can_make_networks())
      GTEST_SKIP() << "making a network namespace is not permitted here";
  }
  ~NetworkPortTest() override {
    sources_.clear();
    ports_.reset();
  }
};

FrameBytes question(uint16_t port) {
  return PacketBuilder().ethernet().ipv4().udp({.source_port = port}).payload(size_t{20}).build();
}
FrameBytes live_answer(uint16_t port) {
  return PacketBuilder()
      .ethernet()
      .ipv4({.source = "198.51.100.20", .destination = "192.0.2.10"})
      .udp({.source_port = 9999, .destination_port = port})
      .payload(size_t{20})
      .build();
}

TEST_F(NetworkPortTest, ATapWithAPortForEachDirection) {
  const VethPair there("lport0", "lport1"), back("lport2", "lport3");
  open({{.name = "out", .device = "lport0"}, {.name = "in", .device = "lport2"}});
  const FrameSender out("lport1"), in("lport3");
  std::vector<FrameBytes> sent;
  for (uint16_t port = 1; port <= 500; ++port) {
    out.send(sent.emplace_back(question(port)));
    in.send(sent.emplace_back(live_answer(port)));
  }
  EXPECT_EQ(receive(*sources_[0], sent.size()), sent) << "an answer came before its question";
  EXPECT_EQ(count(Counter::port_packets), 1'000U);
  EXPECT_TRUE(ports_->frames_may_be_cut());
}

TEST_F(NetworkPortTest, AQueueForEachWorkerAndBothDirectionsAtOneWorker) {
  const VethPair there("lport0", "lport1"), back("lport2", "lport3");
  open({{.name = "out", .device = "lport0"}, {.name = "in", .device = "lport2"}}, 2);
  ASSERT_EQ(sources_.size(), 2U);
  const FrameSender out("lport1"), in("lport3");
  for (uint16_t port = 1; port <= 64; ++port) {
    out.send(question(port));
    in.send(live_answer(port));
  }
  control_.stop = true;
  const auto first = receive(*sources_[0], 1'000), second = receive(*sources_[1], 1'000);
  EXPECT_EQ(first.size() + second.size(), 128U);
  EXPECT_GT(first.size(), 0U);
  EXPECT_GT(second.size(), 0U);
  for (const auto* got : {&first, &second})
    for (uint16_t port = 1; port <= 64; ++port)
      EXPECT_EQ(std::ranges::count(*got, question(port)),
                std::ranges::count(*got, live_answer(port)))
          << port;
}

TEST_F(NetworkPortTest, OneSourceForAKernelPortBesideADevice) {
  const VethPair pair("lport0", "lport1");
  open({{.name = "kernel", .device = "lport0"}, ring("net_ring0")}, 2);
  ASSERT_EQ(sources_.size(), 1U);
  const FrameSender far("lport1");
  for (uint16_t port = 1; port <= 20; ++port) far.send(question(port));
  EXPECT_EQ(receive(*sources_[0], 20).size(), 20U);
}

TEST_F(NetworkPortTest, TapDevice) {
  open({{.name = "tap", .kind = PortKind::vdev, .device = "net_tap0,iface=lport8"}});
  tests::ip_command("link set lport8 up");
  const FrameSender sender("lport8");
  std::vector<FrameBytes> sent;
  for (uint16_t port = 1; port <= 50; ++port) sender.send(sent.emplace_back(question(port)));
  std::vector<FrameBytes> ours;  // the kernel may have something to say as well
  for (const FrameBytes& frame : receive(*sources_[0], 1'000))
    if (std::ranges::find(sent, frame) != sent.end()) ours.push_back(frame);
  EXPECT_EQ(ours, sent);
  EXPECT_EQ(ports_->figures().at(0).driver, "net_tap");
}

TEST_F(NetworkPortTest, PacketTimeIsThatOfTheMachine) {
  const VethPair pair("lport0", "lport1");
  open({{.name = "kernel", .device = "lport0"}});
  ports_->update();
  EXPECT_EQ(ports_->clock().steps, 0U);
  EXPECT_LT(std::abs(ports_->clock().drift.us), 50'000);
}

}  // namespace
}  // namespace tapstat::dataplane
