#include "control/utc_text.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace tapstat::control {
namespace {

namespace chrono = std::chrono;

constexpr UtcMicroseconds microseconds_at(chrono::year_month_day day) {
  return chrono::duration_cast<chrono::microseconds>(chrono::sys_days{day}.time_since_epoch())
      .count();
}
constexpr UtcMicroseconds kFirst = microseconds_at(chrono::year{0} / 1 / 1);
constexpr UtcMicroseconds kEnd = microseconds_at(chrono::year{10'000} / 1 / 1);

}  // namespace

std::string utc_text(UtcMicroseconds time) {
  const chrono::sys_time<chrono::microseconds> moment{
      chrono::microseconds{std::clamp(time, kFirst, kEnd - 1)}};
  const auto midnight = chrono::floor<chrono::days>(moment);
  const chrono::year_month_day day{midnight};
  const chrono::hh_mm_ss clock{moment - midnight};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(day.year()),
                     static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

UtcMicroseconds utc_now() {
  return chrono::duration_cast<chrono::microseconds>(chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace tapstat::control
