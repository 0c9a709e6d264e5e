/// Round trips of one sender and the retransmission timeout that follows from them (RFC 6298).
///
/// Kept as fixed-point microseconds, as the RFC's gains of 1/8 and 1/4 suggest. Which segments give
/// a sample is decided by the caller (Karn's rule, RFC 6298 section 3). Differs from the RFC in the
/// floor, which holds for the variance term alone: what Linux does, and what web100's records show.
/// Owned by a follower.
#pragma once

#include <algorithm>
#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::flowstats {

class RttEstimator {
 public:
  static constexpr uint32_t kSampleMaxUs = 256'000'000;  // beyond, a sample counts as this long
  static constexpr int64_t kRtoFirstUs = 1'000'000;      // RFC 6298 (2.1)
  static constexpr int64_t kRtoMaxUs = 120'000'000;

  /// Also ends the backoff's memory in rto_max() and rto_min(). Never below a microsecond, so that
  /// zero stays "no sample".
  void on_sample(int64_t elapsed_us, Duration rto_floor) {
    const auto sample = static_cast<uint32_t>(
        std::clamp<int64_t>(elapsed_us, 1, static_cast<int64_t>(kSampleMaxUs)));
    if (samples_ == 0) {
      smoothed_8th_ = 8 * sample;
      variance_4th_ = 2 * sample;
      min_us_ = max_us_ = sample;
    } else {
      const uint32_t smoothed = smoothed_us();
      variance_4th_ += (sample > smoothed ? sample - smoothed : smoothed - sample) - variance_us();
      smoothed_8th_ += sample - smoothed;
      min_us_ = std::min(min_us_, sample);
      max_us_ = std::max(max_us_, sample);
    }
    ++samples_;
    latest_us_ = sample;
    sum_us_ += sample;
    note_rto(rto(rto_floor, 0));
  }
  /// A timeout has doubled the timer.
  void on_backoff(Duration rto_floor, unsigned backoff) { note_rto(rto(rto_floor, backoff)); }

  /// The timer after `backoff` timeouts in a row.
  [[nodiscard]] Duration rto(Duration rto_floor, unsigned backoff) const {
    int64_t us = kRtoFirstUs;
    if (samples_ != 0) us = smoothed_us() + std::max<int64_t>(rto_floor.us, variance_4th_);
    return {std::min(us << std::min(backoff, 16u), kRtoMaxUs)};
  }

  [[nodiscard]] uint32_t samples() const { return samples_; }
  [[nodiscard]] uint32_t latest_us() const { return latest_us_; }
  [[nodiscard]] uint32_t smoothed_us() const { return smoothed_8th_ / 8; }
  [[nodiscard]] uint32_t variance_us() const { return variance_4th_ / 4; }
  [[nodiscard]] uint32_t min_us() const { return min_us_; }
  [[nodiscard]] uint32_t max_us() const { return max_us_; }
  [[nodiscard]] uint64_t sum_us() const { return sum_us_; }
  [[nodiscard]] uint32_t rto_min_us() const { return rto_min_us_; }
  [[nodiscard]] uint32_t rto_max_us() const { return rto_max_us_; }

 private:
  void note_rto(Duration rto) {
    const auto us = static_cast<uint32_t>(rto.us);
    rto_max_us_ = std::max(rto_max_us_, us);
    if (us < rto_min_us_ || rto_min_us_ == 0) rto_min_us_ = us;
  }

  uint64_t sum_us_ = 0;
  uint32_t samples_ = 0;
  uint32_t latest_us_ = 0, smoothed_8th_ = 0, variance_4th_ = 0, min_us_ = 0, max_us_ = 0;
  uint32_t rto_min_us_ = 0, rto_max_us_ = 0;  // 0: the timer never had another value than the first
};
static_assert(sizeof(RttEstimator) == 40);

}  // namespace tapstat::flowstats
