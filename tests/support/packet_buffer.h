/// A frame in a buffer like a port's: what lies before and behind its captured bytes is there, and
/// must not be looked at.
///
/// In builds with the address sanitizer those bytes are poisoned, so that a read beyond the frame
/// is reported wherever it lands; in others they are bytes that no frame has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <sanitizer/asan_interface.h>

#include "flowstats/base/byte_range.h"

namespace tapstat::tests {

class PacketBuffer {
 public:
  PacketBuffer(const uint8_t* bytes, size_t size)
      : memory_(kHeadroom + std::max(kRoomMin, size + kTailMin), 0xee), size_(size) {
    if (size > 0) std::memcpy(memory_.data() + kHeadroom, bytes, size);
    ASAN_POISON_MEMORY_REGION(memory_.data(), kHeadroom);
    ASAN_POISON_MEMORY_REGION(behind(), memory_.size() - kHeadroom - size_);
  }
  ~PacketBuffer() { ASAN_UNPOISON_MEMORY_REGION(memory_.data(), memory_.size()); }
  PacketBuffer(const PacketBuffer&) = delete;
  PacketBuffer& operator=(const PacketBuffer&) = delete;

  [[nodiscard]] flowstats::ByteRange frame() const { return {memory_.data() + kHeadroom, size_}; }
  /// The first byte that is none of the frame's.
  [[nodiscard]] const uint8_t* behind() const { return memory_.data() + kHeadroom + size_; }

 private:
  static constexpr size_t kHeadroom = 128, kRoomMin = 2'048, kTailMin = 64;  // bytes

  std::vector<uint8_t> memory_;
  size_t size_;
};

}  // namespace tapstat::tests
