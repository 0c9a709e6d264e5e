/// End-to-End group: round-trip times and hop counts of one side (Tstat columns x_rtt_* and
/// x_ttl_*).
///
/// A round-trip sample is the time from a segment of this side, seen at the observation point, to
/// the acknowledgment of the other side that ends exactly at it; retransmitted segments give none
/// (Karn and Partridge, SIGCOMM 1987).
#pragma once

#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::flowstats::end_to_end {

/// Changed by every sample.
struct RoundTrips {
  /// Sums are doubles of microseconds in arrival order: Tstat's variance depends on their rounding.
  double rtt_sum_us = 0, rtt_sum_of_squares = 0;
  Duration rtt_min, rtt_max;  // zero means no sample yet, or a sample of zero
  uint32_t rtt_samples = 0;

  void on_sample(Duration sample) {
    const auto us = static_cast<double>(sample.us);
    ++rtt_samples;
    rtt_sum_us += us;
    rtt_sum_of_squares += us * us;
    if (rtt_min.us == 0 || sample < rtt_min) rtt_min = sample;
    if (sample > rtt_max) rtt_max = sample;
  }
};

/// Read by every segment, changed by few.
struct Hops {
  uint8_t ttl_min = 0, ttl_max = 0;  // zero means unset

  void on_ttl(uint8_t ttl) {
    if (((ttl ^ ttl_min) | (ttl ^ ttl_max)) == 0) [[likely]]
      return;
    if (ttl > ttl_max) ttl_max = ttl;
    if (ttl < ttl_min || ttl_min == 0) ttl_min = ttl;
  }
};

struct Half : RoundTrips, Hops {};

}  // namespace tapstat::flowstats::end_to_end
