/// What the ring of packets promises: order, whole slots, and a full ring's policy.
#include "dataplane/packet_ring.h"

#include <cstring>
#include <new>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

using flowstats::Timestamp;
using flowstats::TracedPacket;
using flowstats::TraceSlot;
using WhenFull = PacketRing::WhenFull;

/// False when there is no room. Every byte tells which packet it belongs to.
bool put(PacketRing& ring, uint32_t number, uint32_t size) {
  TraceSlot* const place = ring.reserve(sizeof(TracedPacket), size);
  if (place == nullptr) return false;
  const uint32_t bytes = place->bytes;
  auto* const packet = new (place) TracedPacket;
  packet->bytes = bytes;
  packet->kind = TraceSlot::Kind::packet;
  packet->time = Timestamp{number};
  packet->captured = size;
  std::memset(static_cast<void*>(packet + 1), static_cast<int>(number & 0xff), size);
  return true;
}

/// The packet's number; checks that it is whole.
uint32_t number_of(const TraceSlot& slot) {
  const auto& packet = static_cast<const TracedPacket&>(slot);
  const auto number = static_cast<uint32_t>(packet.time.us);
  const std::string expected(packet.captured, static_cast<char>(number & 0xff));
  EXPECT_EQ(std::memcmp(packet.data(), expected.data(), expected.size()), 0) << number;
  return number;
}

TEST(PacketRing, NothingIsSeenBeforeItIsPublished) {
  PacketRing ring(kPacketRingMin, WhenFull::drop);
  EXPECT_EQ(ring.frontier(), flowstats::kNever);
  ASSERT_TRUE(put(ring, 1, 100));
  EXPECT_EQ(ring.front(), nullptr);
  ring.publish(Timestamp{5});
  EXPECT_EQ(ring.frontier(), Timestamp{5});
  ASSERT_NE(ring.front(), nullptr);
  EXPECT_EQ(number_of(*ring.front()), 1U);
  EXPECT_EQ(ring.front(), ring.front()) << "looking takes nothing";
  ring.pop();
  EXPECT_EQ(ring.front(), nullptr);
}

TEST(PacketRing, SlotsOfAllSizesGoRoundWhole) {
  PacketRing ring(kPacketRingMin, WhenFull::drop);
  std::mt19937 random(3);
  uint32_t put_in = 0, taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    const uint32_t size = random() % 10 == 0 ? random() % 200'000 : random() % 200;
    if (put(ring, put_in, size)) ++put_in;
    ring.publish(Timestamp{put_in});
    if (random() % 2 == 0) continue;
    while (const TraceSlot* const slot = ring.front()) {
      ASSERT_EQ(number_of(*slot), taken++);
      ring.pop();
    }
  }
  EXPECT_GT(put_in, 10'000U);
}

TEST(PacketRing, AFullRingDropsOrTellsThatItIsFilling) {
  PacketRing ring(kPacketRingMin, WhenFull::drop);
  EXPECT_FALSE(ring.is_filling());
  uint32_t put_in = 0;
  while (put(ring, put_in, 1'000)) ++put_in;
  ring.publish(Timestamp{0});
  EXPECT_GT(put_in, 1'000U);
  EXPECT_TRUE(ring.is_filling());
  for (uint32_t i = 0; i < put_in; ++i) {
    ASSERT_NE(ring.front(), nullptr);
    ASSERT_EQ(number_of(*ring.front()), i);
    ring.pop();
  }
  EXPECT_EQ(ring.front(), nullptr);
  EXPECT_FALSE(ring.is_filling());
  EXPECT_TRUE(put(ring, 0, 1'000));
}

TEST(PacketRing, AWaitingWorkerLosesNothingToASlowReader) {
  PacketRing ring(kPacketRingMin, WhenFull::wait);
  constexpr uint32_t kPackets = 20'000;
  std::thread worker([&] {
    for (uint32_t i = 0; i < kPackets; ++i) {
      put(ring, i, 100 + i % 700);
      if (i % 32 == 0) ring.publish(Timestamp{i});
    }
    ring.publish(Timestamp{kPackets});
  });
  uint32_t taken = 0;
  while (taken < kPackets) {
    const Timestamp complete = ring.frontier();
    const TraceSlot* const slot = ring.front();
    if (slot == nullptr) {
      EXPECT_LE(complete, Timestamp{taken}) << "everything up to there was shown";
      std::this_thread::yield();
      continue;
    }
    EXPECT_EQ(number_of(*slot), taken++);
    ring.pop();
  }
  worker.join();
}

}  // namespace
}  // namespace tapstat::dataplane
