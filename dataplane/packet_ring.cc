#include "dataplane/packet_ring.h"

#include <algorithm>
#include <bit>
#include <new>

#include "dataplane/idle.h"
#include "flowstats/base/check.h"

namespace tapstat::dataplane {

using flowstats::Timestamp;
using flowstats::TraceSlot;

namespace {

constexpr size_t kSlotAlignment = 16;  // so that a filler has room for its head
static_assert(sizeof(TraceSlot) <= kSlotAlignment);

/// As for records: short beside the time in which the writer empties a full ring.
constexpr flowstats::Duration kFullPacketRingNap{500};

constexpr size_t slot_bytes(size_t bytes) {
  return (bytes + kSlotAlignment - 1) & ~(kSlotAlignment - 1);
}

}  // namespace

PacketRing::PacketRing(size_t bytes, WhenFull when_full)
    : memory_(std::bit_ceil(std::max(bytes, kPacketRingMin))),
      mask_(memory_.size() - 1),
      when_full_(when_full) {}

TraceSlot* PacketRing::at(uint64_t position) const {
  return reinterpret_cast<TraceSlot*>(static_cast<std::byte*>(memory_.data()) + (position & mask_));
}

bool PacketRing::has_room(uint64_t bytes) {
  const uint64_t limit = memory_.size() - bytes;
  if (reserved_ - taken_seen_ <= limit) [[likely]]
    return true;
  taken_seen_ = taken_.load(std::memory_order_acquire);
  return reserved_ - taken_seen_ <= limit;
}

/// The trace writer may be waiting for this very CPU, or for a disk for seconds.
void PacketRing::wait_for_room(uint64_t bytes) {
  made_.store(reserved_, std::memory_order_release);
  Idle idle(kFullPacketRingNap);
  while (!has_room(bytes)) idle.rest();
}

TraceSlot* PacketRing::reserve(size_t head, size_t body) {
  const size_t wanted = slot_bytes(head + body);
  TAPSTAT_ASSERT(wanted <= memory_.size() / 4);
  const size_t to_end = memory_.size() - (reserved_ & mask_);
  const size_t filler = to_end < wanted ? to_end : 0;
  if (!has_room(filler + wanted)) [[unlikely]] {
    if (when_full_ == WhenFull::drop) return nullptr;
    wait_for_room(filler + wanted);
  }
  if (filler > 0) [[unlikely]] {
    new (at(reserved_)) TraceSlot{static_cast<uint32_t>(filler), TraceSlot::Kind::filler, 0};
    reserved_ += filler;
  }
  TraceSlot* const slot = at(reserved_);
  slot->bytes = static_cast<uint32_t>(wanted);
  reserved_ += wanted;
  return slot;
}

void PacketRing::publish(Timestamp clock) {
  made_.store(reserved_, std::memory_order_release);
  clock_us_.store(clock.us, std::memory_order_release);
}

const TraceSlot* PacketRing::front() {
  for (;;) {
    const uint64_t taken = taken_.load(std::memory_order_relaxed);
    if (taken == made_seen_) made_seen_ = made_.load(std::memory_order_acquire);
    if (taken == made_seen_) return nullptr;
    const TraceSlot* const slot = at(taken);
    if (slot->kind != TraceSlot::Kind::filler) return slot;
    taken_.store(taken + slot->bytes, std::memory_order_release);
  }
}

void PacketRing::pop() {
  const uint64_t taken = taken_.load(std::memory_order_relaxed);
  taken_.store(taken + at(taken)->bytes, std::memory_order_release);
}

bool PacketRing::is_filling() const {
  const uint64_t queued =
      made_.load(std::memory_order_relaxed) - taken_.load(std::memory_order_relaxed);
  return queued > memory_.size() / 2;
}

Timestamp PacketRing::frontier() const { return {clock_us_.load(std::memory_order_acquire)}; }

}  // namespace tapstat::dataplane
