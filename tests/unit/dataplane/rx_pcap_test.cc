#include "dataplane/rx_pcap.h"

#include <unistd.h>

#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/eal.h"
#include "tests/support/capture_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/dataplane/mbuf_frames.h"

namespace tapstat::dataplane {
namespace {

using flowstats::Timestamp;
using tests::bytes_of;
using tests::FrameBytes;
using tests::frames_of;
using tests::TimedFrame;

/// eal_environment.cc starts DPDK.
class RxPcapTest : public testing::Test {
 protected:
  CaptureFile capture(const std::vector<TimedFrame>& frames, const std::string& name = "a.pcap") {
    write_capture(directory_ / name, frames);
    auto opened = open_capture(directory_ / name, {});
    EXPECT_TRUE(opened) << opened.error().sentence;
    return std::move(*opened);
  }
  PacketPool pool(uint32_t captured_length_max) {
    auto made = PacketPool::create("test", captured_length_max, 3);
    EXPECT_TRUE(made) << made.error().sentence;
    return std::move(*made);
  }

  tests::TempDir directory_;
};

/// Receives everything in bursts and frees it.
std::vector<TimedFrame> drain(PcapPort& port, uint16_t burst = kBurstMax) {
  const auto time = PacketTimeField::find();
  std::vector<TimedFrame> got;
  rte_mbuf* packets[kBurstMax];
  while (const uint16_t n = port.receive(packets, burst)) {
    for (uint16_t i = 0; i < n; ++i) {
      got.push_back({time->read(packets[i]), bytes_of(packets[i])});
      EXPECT_EQ(packets[i]->pkt_len, got.back().bytes.size());
    }
    rte_pktmbuf_free_bulk(packets, n);
  }
  return got;
}

void expect_same(const std::vector<TimedFrame>& got, const std::vector<TimedFrame>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].time, want[i].time) << i;
    EXPECT_EQ(got[i].bytes, want[i].bytes) << i;
  }
}

TEST_F(RxPcapTest, DeliversEveryPacketOnceAndThenNothing) {
  const auto frames = frames_of(std::vector<size_t>(1000, 70));
  const CaptureFile file = capture(frames);
  const PacketPool packets = pool(file.captured_length_max);
  auto port = PcapPort::open(file, packets, 0);
  ASSERT_TRUE(port) << port.error().sentence;
  EXPECT_EQ(port->remaining(), 1000U);
  expect_same(drain(*port), frames);
  EXPECT_EQ(port->remaining(), 0U);
  EXPECT_FALSE(port->ended_early());
}

TEST_F(RxPcapTest, FramesLargerThanABuffer) {
  const auto frames = frames_of({60, 2048, 2049, 60'000, 65'535, 1, 0});
  const CaptureFile file = capture(frames);
  const PacketPool packets = pool(file.captured_length_max);
  auto port = PcapPort::open(file, packets, 0);
  ASSERT_TRUE(port);
  expect_same(drain(*port), frames);
}

TEST_F(RxPcapTest, StartOfAFrameBeyond64Kib) {
  const auto frames = frames_of({200'000, 60});
  const CaptureFile file = capture(frames);
  const PacketPool packets = pool(file.captured_length_max);
  auto port = PcapPort::open(file, packets, 0);
  ASSERT_TRUE(port);
  rte_mbuf* received[2];
  ASSERT_EQ(port->receive(received, 2), 2);
  EXPECT_EQ(received[0]->pkt_len, 200'000U);
  const auto head = first_buffer(received[0]);
  ASSERT_EQ(head.size(), kFirstBufferBytes);
  EXPECT_EQ(FrameBytes(head.data(), head.data() + head.size()),
            FrameBytes(frames[0].bytes.begin(), frames[0].bytes.begin() + kFirstBufferBytes));
  EXPECT_EQ(bytes_of(received[1]), frames[1].bytes);
  rte_pktmbuf_free_bulk(received, 2);
}

TEST_F(RxPcapTest, RewindsToTheFirstPacket) {
  const auto frames = frames_of(std::vector<size_t>(100, 80));
  const CaptureFile file = capture(frames);
  const PacketPool packets = pool(file.captured_length_max);
  auto port = PcapPort::open(file, packets, 0);
  ASSERT_TRUE(port);
  for (const int taken : {100, 32, 0}) {  // rewound at the end, in the middle, at the start
    rte_mbuf* received[kBurstMax];
    for (int n = 0; n < taken;) {
      const uint16_t count = port->receive(received, 4);
      ASSERT_GT(count, 0);
      rte_pktmbuf_free_bulk(received, count);
      n += count;
    }
    ASSERT_TRUE(port->rewind());
  }
  expect_same(drain(*port), frames);
}

TEST_F(RxPcapTest, LosesNothingWhenThePoolIsShort) {
  std::vector<size_t> sizes(2000, 60'000);
  const auto frames = frames_of(sizes);
  const CaptureFile file = capture(frames);
  const PacketPool packets = pool(file.captured_length_max);
  auto port = PcapPort::open(file, packets, 0);
  ASSERT_TRUE(port);
  std::vector<rte_mbuf*> held;
  rte_mbuf* received[kBurstMax];
  while (const uint16_t n = port->receive(received, kBurstMax))
    held.insert(held.end(), received, received + n);
  ASSERT_GT(port->remaining(), 0U) << "the pool is meant to run dry";
  EXPECT_GT(held.size(), kBurstMax);
  size_t total = held.size();
  rte_pktmbuf_free_bulk(held.data(), static_cast<unsigned>(held.size()));
  total += drain(*port).size();
  EXPECT_EQ(total, frames.size());
  EXPECT_FALSE(port->ended_early());
}

TEST_F(RxPcapTest, NameWithACommaAndAnUnlinkedFile) {
  const auto frames = frames_of({60, 61});
  const CaptureFile file = capture(frames, "a,b= c.pcap");
  std::filesystem::remove(file.name);
  const PacketPool packets = pool(file.captured_length_max);
  auto port = PcapPort::open(file, packets, 0);
  ASSERT_TRUE(port);
  expect_same(drain(*port), frames);
}

TEST_F(RxPcapTest, FileThatShrankAfterItWasCounted) {
  const auto frames = frames_of(std::vector<size_t>(1000, 1000));
  const CaptureFile file = capture(frames);
  ASSERT_EQ(truncate(file.name.c_str(), 24 + 500 * 1016), 0);
  const PacketPool packets = pool(file.captured_length_max);
  auto port = PcapPort::open(file, packets, 0);
  ASSERT_TRUE(port);
  EXPECT_EQ(drain(*port).size(), 500U);
  EXPECT_TRUE(port->ended_early());
  EXPECT_EQ(port->remaining(), 0U);
}

TEST_F(RxPcapTest, FileThatGrewAfterItWasCounted) {
  const auto frames = frames_of({60, 61, 62});
  write_capture(directory_ / "longer.pcap", frames_of({60, 61, 62, 63}));
  const CaptureFile file = capture(frames);
  std::filesystem::copy_file(directory_ / "longer.pcap", directory_ / "a.pcap",
                             std::filesystem::copy_options::overwrite_existing);
  const PacketPool packets = pool(file.captured_length_max);
  auto port = PcapPort::open(file, packets, 0);
  ASSERT_TRUE(port);
  EXPECT_EQ(drain(*port).size(), 3U);
}

TEST_F(RxPcapTest, ManyPortsOneAfterTheOther) {
  const auto frames = frames_of({60});
  const CaptureFile file = capture(frames);
  const PacketPool packets = pool(file.captured_length_max);
  for (int round = 0; round < 100; ++round) {  // more than DPDK has room for at a time
    auto port = PcapPort::open(file, packets, 0);
    ASSERT_TRUE(port) << round << ": " << port.error().sentence;
    EXPECT_EQ(drain(*port).size(), 1U);
  }
}

TEST_F(RxPcapTest, PoolHoldsABurstOfTheLargestFrames) {
  EXPECT_EQ(pool(1500).buffers(), kBuffersMin);
  EXPECT_GE(pool(262'144).buffers(), kBurstMax * buffers_per_packet(262'144));
}

TEST(EalOptions, NumberOfPacketThreads) {
  EXPECT_EQ(start_eal({.worker_lcores = 0}).error().status, flowstats::ExitStatus::environment);
  EXPECT_EQ(start_eal({.worker_lcores = 128}).error().status, flowstats::ExitStatus::environment);
}

}  // namespace
}  // namespace tapstat::dataplane
