#include "flowstats/layer7/rtp_jitter.h"

#include <algorithm>
#include <cmath>

namespace tapstat::flowstats::layer7 {

namespace {

/// By payload type.
constexpr std::array<uint32_t, 34> kClockHz = {
    8'000, 8'000,  8'000,  8'000, 8'000,  8'000,  16'000, 8'000,  8'000,  8'000, 44'100, 44'100,
    8'000, 8'000,  90'000, 8'000, 11'025, 22'050, 8'000,  0,      0,      0,     0,      0,
    0,     90'000, 90'000, 0,     90'000, 0,      0,      90'000, 90'000, 90'000};
constexpr uint32_t kStampStepBackMax = 65535;
constexpr uint8_t kDynamicTypesFrom = 96;
constexpr double kGain = 1.0 / 16;  // RFC 3550 section 6.4.1

}  // namespace

uint32_t rtp_clock_hz(uint8_t payload_type) {
  return payload_type < kClockHz.size() ? kClockHz[payload_type] : 0;
}

void JitterClock::add(double new_transit, Mode mode) {
  const double memory = mode == Mode::tstat ? std::trunc(transit) : transit;
  value += (std::abs(new_transit - memory) - value) * kGain;
  if (mode == Mode::tstat) value = static_cast<float>(value);
  transit = new_transit;
  max = has_sample ? std::max(max, value) : value;
  min = has_sample ? std::min(min, value) : value;
  has_sample = true;
}

void RtpJitter::begin(uint32_t stamp) {
  *this = {};
  base_ = reference_ = stamp;
}

bool RtpJitter::went_back(uint32_t stamp) const {
  const uint32_t back = reference_ - stamp;
  return back >= 1 && back <= kStampStepBackMax;
}

double RtpJitter::units_since_first(uint32_t stamp, Mode mode) const {
  if (mode == Mode::tstat) return static_cast<double>(stamp) - static_cast<double>(base_);
  return static_cast<double>(reference_units_ + static_cast<int32_t>(stamp - reference_));
}

template <class Visit>
void RtpJitter::for_each_transit(const StampedArrival& arrival, Mode mode, Visit visit) {
  const double now_ms = static_cast<double>(arrival.since_first.us) / 1000.0;
  const double units = units_since_first(arrival.stamp, mode);
  const uint32_t clock_hz = rtp_clock_hz(arrival.payload_type);
  const auto transit = [&](uint32_t hz) { return now_ms - units * 1000.0 / hz; };
  if (clock_hz != 0) visit(at(RtpClock::of_type), transit(clock_hz));
  if (clock_hz == 0 && arrival.payload_type < kDynamicTypesFrom) return;
  visit(at(RtpClock::khz_8), transit(8'000));
  visit(at(RtpClock::khz_90), transit(90'000));
}

void RtpJitter::add_sample(const StampedArrival& arrival, Mode mode) {
  for_each_transit(arrival, mode,
                   [&](JitterClock& clock, double transit) { clock.add(transit, mode); });
}

void RtpJitter::restart(const StampedArrival& arrival, Mode mode) {
  base_ += arrival.stamp - reference_;
  reference_ = arrival.stamp;
  if (mode == Mode::tstat) return;
  for_each_transit(arrival, mode,
                   [](JitterClock& clock, double transit) { clock.transit = transit; });
}

void RtpJitter::remember(uint32_t stamp) {
  if (went_back(stamp)) return;
  reference_units_ += static_cast<int32_t>(stamp - reference_);
  reference_ = stamp;
}

}  // namespace tapstat::flowstats::layer7
