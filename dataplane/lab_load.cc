#include "dataplane/lab_load.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace tapstat::dataplane {

namespace {

constexpr size_t kCacheLine = 64;

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every number of a counter gives another word.
uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// Changes the last bytes of an address (up to eight) in a way that depends on replica and end
/// point only. Replica 0 changes nothing.
void change_address(uint8_t* address, size_t size, uint32_t replica, bool is_b) {
  const uint64_t key = mix(2 * uint64_t{replica} + (is_b && replica != 0 ? 1 : 0));
  const size_t changed = std::min(size, sizeof key);
  uint64_t word = 0;
  uint8_t* const at = address + size - changed;
  std::memcpy(&word, at, changed);
  word ^= key;
  std::memcpy(at, &word, changed);
}

}  // namespace

LabLoad::LabLoad(const LabCapture& capture, uint32_t first_replica, uint32_t replicas)
    : capture_(capture),
      first_replica_(first_replica),
      replicas_(replicas),
      stride_bytes_((capture.captured_length_max() + kCacheLine) / kCacheLine * kCacheLine),
      bytes_(kBlock * stride_bytes_ + kCacheLine),
      block_(kBlock),
      sources_(kBlock),
      random_(first_replica) {
  start_step();
}

double LabLoad::warmed() const {
  const uint64_t wanted = capture_.facts().busy_begin;
  return wanted == 0 ? 1 : std::min(1.0, static_cast<double>(step_) / static_cast<double>(wanted));
}

/// A new order of the replicas: another start and another stride that meets each of them once.
void LabLoad::start_step() {
  turn_ = 0;
  random_ += 0x9e3779b97f4a7c15ULL;
  const uint64_t draw = mix(random_);
  replica_ = static_cast<uint32_t>(((draw >> 32) * replicas_) >> 32);
  stride_ = static_cast<uint32_t>(((draw & 0xffffffffU) * replicas_) >> 32);
  while (std::gcd(stride_, replicas_) != 1) stride_ = (stride_ + 1) % replicas_;
}

void LabLoad::write(size_t i, const LabPacket& packet, uint32_t replica) {
  uint8_t* const first =
      bytes_.data() + (-reinterpret_cast<uintptr_t>(bytes_.data()) & (kCacheLine - 1));
  uint8_t* const frame = first + i * stride_bytes_;
  std::memcpy(frame, capture_.bytes_of(packet), packet.captured_length);
  if (packet.address_size != 0) {
    uint8_t* const sender = frame + packet.addresses_at;
    change_address(sender, packet.address_size, replica, packet.from_b);
    change_address(sender + packet.address_size, packet.address_size, replica, !packet.from_b);
  }
  block_[i] = {frame, packet.captured_length, packet.time_us + shift_us_};
  sources_[i] = &packet;
  wire_bytes_ += packet.wire_length;
}

void LabLoad::restart() {
  step_ = 0;
  shift_us_ += capture_.pass_length().us;
  start_step();
}

std::span<const FrameInMemory> LabLoad::fill() {
  const uint64_t end = capture_.facts().busy_end;
  wire_bytes_ = 0;
  size_t count = 0;
  for (bool ended = false; count < kBlock && step_ < end && !ended;) {
    const LabPacket& packet = capture_.packets()[step_];
    write(count++, packet, first_replica_ + replica_);
    replica_ = static_cast<uint32_t>((uint64_t{replica_} + stride_) % replicas_);
    if (++turn_ < replicas_) continue;
    ended = packet.ends_block;
    ++step_;
    start_step();
  }
  if (count == 0) restart();
  return {block_.data(), count};
}

std::span<const FrameInMemory> LabLoad::fill_at(flowstats::Timestamp time) {
  const auto frames = fill();
  for (size_t i = 0; i < frames.size(); ++i) block_[i].time_us = time.us;
  return frames;
}

}  // namespace tapstat::dataplane
