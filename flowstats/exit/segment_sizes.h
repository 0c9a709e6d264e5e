/// Payload sizes of one sender's data segments, for the segment size in force. Owned by a follower.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tapstat::flowstats {

class SegmentSizes {
 public:
  void add(uint32_t payload) {
    if (payload == half_ && count_ != kHalf) [[likely]] {
      ++count_;
      return;
    }
    const auto size = static_cast<uint16_t>(std::min<uint32_t>(payload, UINT16_MAX));
    if (count_ == kHalf) [[unlikely]] {
      count_ = 0;
      before_ = half_;
      half_ = 0;
    }
    ++count_;
    half_ = std::max(half_, size);
    max_ = std::max(max_, size);
    min_ = std::min(min_, now());
  }
  /// Largest of the latest 33 to 64 segments; 0 when there was none.
  [[nodiscard]] uint16_t now() const { return std::max(half_, before_); }
  [[nodiscard]] uint16_t max() const { return max_; }
  [[nodiscard]] uint16_t min() const { return max_ == 0 ? uint16_t{0} : min_; }  // of now()

 private:
  static constexpr uint16_t kHalf = 32;
  uint16_t count_ = 0, half_ = 0, before_ = 0, max_ = 0, min_ = UINT16_MAX;
};

}  // namespace tapstat::flowstats
