/// A bounded view of packet bytes with checked big-endian reads.
///
/// The only place that touches raw packet pointers: every read names its offset and is answered by
/// an empty optional or a false `has` when the bytes are not there. Does not own the bytes; valid
/// as long as the packet buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flowstats/base/check.h"

namespace tapstat::flowstats {

class ByteRange {
 public:
  constexpr ByteRange() = default;
  constexpr ByteRange(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  [[nodiscard]] constexpr size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr const uint8_t* data() const { return data_; }

  /// True when `count` bytes starting at `offset` are inside.
  [[nodiscard]] constexpr bool has(size_t offset, size_t count) const {
    return offset <= size_ && count <= size_ - offset;
  }

  /// Reads in network byte order. Precondition: has(offset, width).
  [[nodiscard]] uint8_t u8(size_t offset) const {
    TAPSTAT_ASSERT(has(offset, 1));
    return data_[offset];
  }
  [[nodiscard]] uint16_t u16(size_t offset) const {
    TAPSTAT_ASSERT(has(offset, 2));
    uint16_t value;
    std::memcpy(&value, data_ + offset, sizeof value);
    return __builtin_bswap16(value);
  }
  [[nodiscard]] uint32_t u32(size_t offset) const {
    TAPSTAT_ASSERT(has(offset, 4));
    uint32_t value;
    std::memcpy(&value, data_ + offset, sizeof value);
    return __builtin_bswap32(value);
  }

  /// The bytes from `offset` on; empty when `offset` is at or beyond the end.
  [[nodiscard]] constexpr ByteRange from(size_t offset) const {
    return offset >= size_ ? ByteRange{} : ByteRange{data_ + offset, size_ - offset};
  }
  /// At most the first `count` bytes.
  [[nodiscard]] constexpr ByteRange first(size_t count) const {
    return {data_, count < size_ ? count : size_};
  }

 private:
  const uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace tapstat::flowstats
