/// The start of a QUIC CRYPTO stream, put together from frames that come in any order (RFC 9000
/// section 19.6).
///
/// A hole reads as zeros. Trivially copyable, so that it can be an entry of a pool; owned by one
/// worker.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "flowstats/base/byte_range.h"

namespace tapstat::flowstats::layer7 {

class QuicCryptoStream {
 public:
  static constexpr size_t kBytesMax = 16384;

  void clear() { end_ = 0; }

  /// Only what is in use is copied.
  void assign(const QuicCryptoStream& other) {
    end_ = other.end_;
    std::memcpy(bytes_.data(), other.bytes_.data(), end_);
    std::copy_n(other.present_.begin(), words(end_), present_.begin());
  }

  /// False, and nothing is done, when the data would lie beyond `limit` (at most kBytesMax).
  bool insert(uint64_t offset, ByteRange data, size_t limit = kBytesMax) {
    if (offset > limit || data.size() > limit - offset) return false;
    if (data.empty()) return true;
    const auto first = static_cast<size_t>(offset);
    extend(first + data.size());
    std::memcpy(bytes_.data() + first, data.data(), data.size());
    mark(first, first + data.size());
    return true;
  }

  /// Up to the last byte that came.
  [[nodiscard]] ByteRange bytes() const { return {bytes_.data(), end_}; }

  /// Up to the first hole.
  [[nodiscard]] ByteRange contiguous() const {
    for (size_t i = 0; i < words(end_); ++i)
      if (const auto ones = static_cast<size_t>(std::countr_one(present_[i])); ones < kWordBits)
        return bytes().first(i * kWordBits + ones);
    return bytes();
  }

 private:
  static constexpr size_t kWordBits = 64;
  [[nodiscard]] static constexpr size_t words(size_t bits) {
    return (bits + kWordBits - 1) / kWordBits;
  }

  void extend(size_t end) {
    if (end <= end_) return;
    std::memset(bytes_.data() + end_, 0, end - end_);
    std::fill(present_.begin() + words(end_), present_.begin() + words(end), 0);
    end_ = static_cast<uint32_t>(end);
  }

  void mark(size_t first, size_t end) {
    while (first < end) {
      const size_t bit = first % kWordBits;
      const size_t count = std::min(end - first, kWordBits - bit);
      const uint64_t ones = count == kWordBits ? ~uint64_t{0} : (uint64_t{1} << count) - 1;
      present_[first / kWordBits] |= ones << bit;
      first += count;
    }
  }

  uint32_t end_ = 0;
  std::array<uint8_t, kBytesMax> bytes_;
  std::array<uint64_t, kBytesMax / kWordBits> present_;
};

}  // namespace tapstat::flowstats::layer7
