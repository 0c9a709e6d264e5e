/// Times as the logs print them: milliseconds, by the same double arithmetic as Tstat, so that the
/// last digit agrees.
///
/// Inputs are integer microseconds or sums of them in double. Pure functions.
#pragma once

#include <cmath>
#include <cstdint>

#include "flowstats/base/units.h"

namespace tapstat::flowstats {

constexpr double in_milliseconds(Duration d) { return static_cast<double>(d.us) / 1000.0; }

/// Since 1970. A double of this size carries binary noise from the fourth decimal on, and the logs
/// show it.
constexpr double in_milliseconds(Timestamp t) { return static_cast<double>(t.us) / 1000.0; }

/// From `start` to `event`; zero when `event` never happened or lies before `start`.
constexpr double milliseconds_since(Timestamp start, Timestamp event) {
  return in_milliseconds(elapsed(start, event));
}

/// The 0.0001 is Tstat's guard against division by zero; it makes every mean a little low and is
/// kept because all published data have it (golden case 17).
constexpr double mean_milliseconds(double sum_us, uint32_t count) {
  return sum_us / (count + 0.0001) / 1000.0;
}

/// Sample standard deviation; zero for fewer than three samples. Rounding can make the radicand
/// negative: Tstat then prints
/// "-nan", we print zero, so that a reader never meets a word that is not a number (golden case 54
/// differs on purpose).
inline double deviation_milliseconds(double sum_us, double sum_of_squares, uint32_t count) {
  if (count <= 2) return 0.0;
  const double radicand = (sum_of_squares - sum_us * sum_us / count) / (count - 1);
  return radicand > 0.0 ? std::sqrt(radicand) / 1000.0 : 0.0;
}

}  // namespace tapstat::flowstats
