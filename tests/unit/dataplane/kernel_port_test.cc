#include "dataplane/kernel_port.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/network_interface.h"
#include "tests/support/veth_pair.h"
#include "tests/unit/dataplane/mbuf_frames.h"

namespace tapstat::dataplane {
namespace {

using flowstats::milliseconds;
using flowstats::Timestamp;
using tests::FrameBytes;
using tests::FrameSender;
using tests::ip_command;
using tests::PacketBuilder;
using tests::TimedFrame;
using tests::VethPair;

constexpr uint32_t kSnap = 2'048;

FrameBytes udp(uint16_t source, uint16_t destination, size_t payload = 20) {
  return PacketBuilder()
      .ethernet()
      .ipv4()
      .udp({.source_port = source, .destination_port = destination})
      .payload(FrameBytes(payload, 0x5a))
      .build();
}

/// eal_environment.cc starts DPDK. Each test has a network namespace of its own.
class KernelPortTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!tests::can_make_networks())
      GTEST_SKIP() << "making a network namespace is not permitted here";
    veth_.emplace("kport0", "kport1");
  }

  /// A pool that outlives the packets of a test.
  void make_pool(uint32_t buffers = 1) {
    auto made = PacketPool::create_for_port("kernel_test", buffers, SOCKET_ID_ANY);
    ASSERT_TRUE(made) << made.error().sentence;
    pool_.emplace(std::move(*made));
  }
  std::unique_ptr<KernelPort> open(const std::string& device, uint16_t queues = 1,
                                   uint32_t snap = kSnap) {
    if (!pool_) make_pool();
    auto port = KernelPort::open({.name = device, .device = device}, queues, snap, *pool_, clock_);
    EXPECT_TRUE(port) << port.error().sentence;
    return port ? std::move(*port) : nullptr;
  }
  std::string refusal(const std::string& device, uint16_t queues = 1) {
    if (!pool_) make_pool();
    auto port = KernelPort::open({.name = device, .device = device}, queues, kSnap, *pool_, clock_);
    if (port) return "opened";
    EXPECT_EQ(port.error().status, flowstats::ExitStatus::environment);
    return port.error().sentence;
  }

  /// All that comes in until `count` frames are there or nothing came for a while.
  std::vector<TimedFrame> receive(PortQueue& queue, size_t count) {
    return receive(queue, count, clock_);
  }
  static std::vector<TimedFrame> receive(PortQueue& queue, size_t count, const PacketClock& clock) {
    std::vector<TimedFrame> got;
    rte_mbuf* packets[kBurstMax];
    Timestamp times[kBurstMax];
    for (int idle = 0; got.size() < count && idle < 300;) {
      const uint16_t n = queue.receive(packets, times, kBurstMax, clock.now());
      for (uint16_t i = 0; i < n; ++i) got.push_back({times[i], tests::bytes_of(packets[i])});
      rte_pktmbuf_free_bulk(packets, n);
      idle = n == 0 ? idle + 1 : 0;
      if (n == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return got;
  }
  void drain(PortQueue& queue) {
    queue.refuse_more(clock_.now());
    do {
      static_cast<void>(receive(queue, 1'000'000));
    } while (!queue.is_drained(clock_.now()));
  }

  PacketClock clock_{read_clocks(), measure_ticks_hz()};
  std::optional<VethPair> veth_;
  std::optional<PacketPool> pool_;
};

/// The other end of a pair sends nothing before its link runs, too.
bool runs(const std::string& interface) {
  const FileDescriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (int wait = 0; wait < 300; ++wait) {
    if (state_of_interface(any.get(), interface).is_up) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// The kernel tells that a link runs once a second at most.
bool comes_up(LivePort& port) {
  for (int wait = 0; wait < 300 && !port.figures().is_up; ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    port.update();
  }
  return port.figures().is_up;
}

TEST_F(KernelPortTest, FramesComeWholeInOrderAndWithTheirTime) {
  const auto port = open("kport0");
  const FrameSender far("kport1");
  const Timestamp before = clock_.now();
  std::vector<FrameBytes> sent;
  for (uint16_t i = 0; i < 200; ++i) far.send(sent.emplace_back(udp(i, 9, 18 + 7 * i)));
  const auto got = receive(*port->queues()[0], sent.size());
  ASSERT_EQ(got.size(), sent.size());
  for (size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(got[i].bytes, sent[i]) << i;
    EXPECT_GE(got[i].time.us, (i == 0 ? before.us - 1'000 : got[i - 1].time.us));
  }
  EXPECT_LE(got.back().time.us, clock_.now().us + 1'000);
  port->update();
  EXPECT_EQ(port->figures().packets, 200U);
  EXPECT_EQ(port->figures().missed, 0U);
  EXPECT_TRUE(comes_up(*port));
}

TEST_F(KernelPortTest, TimesDoNotFollowAClockThatIsSet) {
  make_pool();
  for (const int64_t hours : {1, -1}) {
    // To this clock it looks as if the machine's had been set since the start.
    ClockReading anchor = read_clocks();
    anchor.wall_us -= flowstats::seconds(3'600 * hours).us;
    PacketClock clock(anchor, measure_ticks_hz());
    const auto port = KernelPort::open({.name = "a", .device = "kport0"}, 1, kSnap, *pool_, clock);
    ASSERT_TRUE(port) << port.error().sentence;
    for (const bool is_known : {false, true}) {
      if (is_known) clock.update(read_clocks());
      const Timestamp before = clock.now();
      for (uint16_t i = 0; i < 10; ++i) FrameSender("kport1").send(udp(i, 1));
      const auto got = receive(*(*port)->queues()[0], 10, clock);
      ASSERT_EQ(got.size(), 10U);
      for (const TimedFrame& frame : got) {
        EXPECT_GE(frame.time.us, before.us - 1'000);
        EXPECT_LE(frame.time.us, clock.now().us + 1'000);
      }
    }
  }
}

TEST_F(KernelPortTest, BothDirectionsOfTheInterfaceAreSeen) {
  const auto port = open("kport0");
  FrameSender("kport0").send(udp(1, 2));
  FrameSender("kport1").send(udp(2, 1));
  EXPECT_EQ(receive(*port->queues()[0], 2).size(), 2U);
}

TEST_F(KernelPortTest, AllListenersSeeTheSameTimes) {
  const auto port = open("kport0"), other = open("kport0");
  const FrameSender near("kport0"), far("kport1");
  for (uint16_t i = 0; i < 50; ++i) (i % 2 == 0 ? near : far).send(udp(i, 1));
  const auto got = receive(*port->queues()[0], 50), again = receive(*other->queues()[0], 50);
  ASSERT_EQ(got.size(), 50U);
  ASSERT_EQ(again.size(), 50U);
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(got[i].time, again[i].time) << i;
}

TEST_F(KernelPortTest, TagsAreWhereTheyWere) {
  const auto port = open("kport0");
  const FrameSender far("kport1");
  const std::vector<FrameBytes> sent = {
      PacketBuilder().ethernet().vlan(42).ipv4().udp().payload(FrameBytes(20)).build(),
      PacketBuilder().ethernet().vlan(7, 0x88a8).vlan(9).ipv4().udp().build(),
      PacketBuilder().ethernet().vlan(0).ipv4().udp().build()};
  for (const FrameBytes& frame : sent) far.send(frame);
  const auto got = receive(*port->queues()[0], sent.size());
  ASSERT_EQ(got.size(), sent.size());
  for (size_t i = 0; i < sent.size(); ++i) EXPECT_EQ(got[i].bytes, sent[i]) << i;
}

TEST_F(KernelPortTest, FramesAreCutAtTheSnapLength) {
  const auto port = open("kport0", 1, 100), whole = open("kport0", 1, 9'100);
  const FrameSender far("kport1");
  const FrameBytes frame = udp(1, 2, 8'000);
  far.send(frame);
  const auto cut = receive(*port->queues()[0], 1);
  ASSERT_EQ(cut.size(), 1U);
  EXPECT_EQ(cut[0].bytes, FrameBytes(frame.begin(), frame.begin() + 100));
  const auto got = receive(*whole->queues()[0], 1);  // in several buffers
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].bytes, frame);
  EXPECT_TRUE(port->frames_may_be_cut());
}

/// The queue of each connection, IPv4 and IPv6, TCP and UDP; each sent in both directions, which
/// must come to the same queue.
std::map<uint16_t, size_t> queues_of_connections(const FrameSender& near, const FrameSender& far,
                                                 const std::vector<PortQueue*>& queues,
                                                 const PacketClock& clock) {
  constexpr uint16_t kConnections = 64;
  for (uint16_t c = 0; c < kConnections; ++c) {
    const uint16_t port = static_cast<uint16_t>(1'000 + c), service = 443;
    for (const bool is_back : {false, true}) {
      const uint16_t source = is_back ? service : port, destination = is_back ? port : service;
      PacketBuilder b;
      b.ethernet();
      if (c % 2 == 0 && is_back)
        b.ipv4({.source = "198.51.100.20", .destination = "192.0.2.10"});
      else if (c % 2 == 0)
        b.ipv4();
      else if (is_back)
        b.ipv6({.source = "2001:db8:2::20", .destination = "2001:db8:1::10"});
      else
        b.ipv6();
      if (c % 4 < 2)
        b.udp({.source_port = source, .destination_port = destination});
      else
        b.tcp({.source_port = source, .destination_port = destination});
      (is_back ? near : far).send(b.payload(FrameBytes(20)).build());
    }
  }
  std::map<uint16_t, std::set<size_t>> seen;
  std::map<uint16_t, int> frames;
  for (int round = 0; round < 100; ++round) {
    for (size_t q = 0; q < queues.size(); ++q) {
      rte_mbuf* packets[kBurstMax];
      Timestamp times[kBurstMax];
      const uint16_t n = queues[q]->receive(packets, times, kBurstMax, clock.now());
      for (uint16_t i = 0; i < n; ++i) {
        const FrameBytes bytes = tests::bytes_of(packets[i]);
        const size_t ports = bytes[12] == 0x08 ? 34 : 54;  // behind IPv4 or IPv6
        const auto at = [&](size_t k) {
          return static_cast<uint16_t>(bytes[k] << 8 | bytes[k + 1]);
        };
        const uint16_t connection = std::max(at(ports), at(ports + 2));
        seen[connection].insert(q);
        ++frames[connection];
      }
      rte_pktmbuf_free_bulk(packets, n);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::map<uint16_t, size_t> result;
  for (const auto& [connection, where] : seen) {
    EXPECT_EQ(where.size(), 1U) << "directions of " << connection << " part";
    EXPECT_EQ(frames[connection], 2) << connection;
    result[connection] = *where.begin();
  }
  EXPECT_EQ(result.size(), kConnections);
  return result;
}

TEST_F(KernelPortTest, BothDirectionsComeToTheSameQueueOnAllInterfacesAlsoAfterALinkWasDown) {
  const VethPair second("kport2", "kport3");
  const auto port = open("kport0", 4), other = open("kport2", 4);
  const FrameSender near("kport0"), far("kport1"), near2("kport2"), far2("kport3");
  const auto first = queues_of_connections(near, far, port->queues(), clock_);
  std::set<size_t> used;
  for (const auto& [connection, queue] : first) used.insert(queue);
  EXPECT_EQ(used.size(), 4U);
  EXPECT_EQ(queues_of_connections(near2, far2, other->queues(), clock_), first);
  EXPECT_EQ(port->spread(), other->spread());
  ip_command("link set kport0 down");
  port->update();
  ip_command("link set kport0 up");
  ASSERT_TRUE(comes_up(*port));
  ASSERT_TRUE(runs("kport1"));
  EXPECT_EQ(queues_of_connections(near, far, port->queues(), clock_), first);
}

TEST_F(KernelPortTest, WhatTheRingCannotHoldIsCounted) {
  const auto port = open("kport0");
  const FrameSender far("kport1");
  const FrameBytes frame = udp(1, 2, 1'900);
  const uint64_t sent = kRingBytes / 1'900 + 4'000;
  for (uint64_t i = 0; i < sent; ++i) far.send(frame);
  PortQueue& queue = *port->queues()[0];
  drain(queue);
  port->update();
  const PortFigures f = port->figures();
  EXPECT_GT(f.missed, 0U);
  EXPECT_EQ(f.packets + f.missed, sent);
  EXPECT_EQ(static_cast<KernelQueue&>(queue).received(), f.packets);
}

TEST_F(KernelPortTest, FramesWaitInTheRingWhileThereAreNoBuffers) {
  const auto port = open("kport0");
  PortQueue& queue = *port->queues()[0];
  std::vector<rte_mbuf*> held;
  while (rte_mbuf* const packet = rte_pktmbuf_alloc(pool_->get())) held.push_back(packet);
  const FrameSender far("kport1");
  for (uint16_t i = 0; i < 100; ++i) far.send(udp(i, 1));
  EXPECT_EQ(receive(queue, 1).size(), 0U);
  EXPECT_LT(queue.silent_until(clock_.now()), clock_.now());
  rte_pktmbuf_free_bulk(held.data(), static_cast<unsigned>(held.size()));
  EXPECT_EQ(receive(queue, 100).size(), 100U);
}

TEST_F(KernelPortTest, NothingComesAfterTheEndAndNothingIsLeft) {
  const auto port = open("kport0");
  PortQueue& queue = *port->queues()[0];
  const FrameSender far("kport1");
  for (uint16_t i = 0; i < 100; ++i) far.send(udp(i, 1));
  queue.refuse_more(clock_.now());
  for (uint16_t i = 0; i < 100; ++i) far.send(udp(i, 2));
  EXPECT_EQ(receive(queue, 1'000).size(), 100U);
  EXPECT_TRUE(queue.is_drained(clock_.now()));
  port->update();
  EXPECT_EQ(port->figures().packets, 100U);
  EXPECT_EQ(port->figures().missed, 0U);
}

TEST_F(KernelPortTest, LoopbackShowsEachFrameOnce) {
  const auto port = open("lo");
  const FrameSender lo("lo");
  for (uint16_t i = 0; i < 10; ++i) lo.send(udp(i, 1));
  EXPECT_EQ(receive(*port->queues()[0], 20).size(), 10U);
}

TEST_F(KernelPortTest, GoesOnAfterTheLinkWasDown) {
  const auto port = open("kport0");
  PortQueue& queue = *port->queues()[0];
  ip_command("link set kport0 down");
  port->update();
  EXPECT_FALSE(port->figures().is_up);
  EXPECT_TRUE(port->figures().is_present);
  ip_command("link set kport0 up");
  EXPECT_TRUE(comes_up(*port));
  FrameSender("kport1").send(udp(1, 2));
  EXPECT_EQ(receive(queue, 1).size(), 1U);
}

TEST_F(KernelPortTest, GoesOnWithAnInterfaceOfTheSameName) {
  const auto port = open("kport0");
  PortQueue& queue = *port->queues()[0];
  FrameSender("kport1").send(udp(1, 2));
  ip_command("link del kport0");
  port->update();
  EXPECT_FALSE(port->figures().is_present);
  EXPECT_FALSE(port->figures().is_up);
  EXPECT_EQ(receive(queue, 2).size(), 1U) << "what came before is not lost";
  const VethPair again("kport0", "kport1");
  port->update();
  EXPECT_TRUE(port->figures().is_present);
  FrameSender("kport1").send(udp(3, 4));
  EXPECT_EQ(receive(queue, 1).size(), 1U);
  port->update();
  EXPECT_EQ(port->figures().packets, 2U);
}

TEST_F(KernelPortTest, SeveralQueuesStayWithoutTheirInterface) {
  const auto port = open("kport0", 2);
  ip_command("link del kport0");
  const VethPair again("kport0", "kport1");
  port->update();
  EXPECT_FALSE(port->figures().is_present);
}

/// A tun device, and the end of it that belongs to a program.
FileDescriptor make_tun(const std::string& name) {
  FileDescriptor tun(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  ifreq request{};
  std::strcpy(request.ifr_name, name.c_str());
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  EXPECT_EQ(ioctl(tun.get(), TUNSETIFF, &request), 0);
  return tun;
}

TEST_F(KernelPortTest, TunFramesBeginWithIp) {
  const FileDescriptor tun = make_tun("kport9");
  ip_command("link set kport9 up");
  const auto port = open("kport9");
  const FrameBytes packet = PacketBuilder().ipv4().udp().payload(FrameBytes(10)).build();
  ASSERT_EQ(write(tun.get(), packet.data(), packet.size()), static_cast<ssize_t>(packet.size()));
  const auto got = receive(*port->queues()[0], 1);
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].bytes, packet);
  EXPECT_EQ(port->queues()[0]->link_type(), LinkType::raw_ip);
}

TEST_F(KernelPortTest, SaysWhatIsWrongWithTheInterface) {
  EXPECT_EQ(
      refusal("kport"),
      "there is no interface \"kport\". Did you mean \"kport1\"? Interfaces here: lo, kport1, "
      "kport0.");
  EXPECT_NE(refusal("a-name-that-is-too-long").find("there is no interface"), std::string::npos);
  const FileDescriptor tun = make_tun("kport8");
  ASSERT_EQ(ioctl(tun.get(), TUNSETLINK, ARPHRD_IEEE80211), 0);
  EXPECT_EQ(refusal("kport8"),
            "interface \"kport8\" has link type 801 (ARPHRD), which is not decoded: choose an "
            "Ethernet, loopback or tun interface.");
}

TEST_F(KernelPortTest, SaysWhichCapabilityIsMissing) {
  std::string said;
  std::thread([&] {  // of this thread alone
    constexpr long kNobody = 65'534;
    ASSERT_EQ(syscall(SYS_setresuid, kNobody, kNobody, kNobody), 0);
    said = refusal("kport0");
  })
      .join();
  EXPECT_EQ(said,
            "live capture on \"kport0\" needs CAP_NET_RAW. Run: sudo setcap cap_net_raw+ep $(which "
            "tapstat), or use tapstat replay.");
}

}  // namespace
}  // namespace tapstat::dataplane
