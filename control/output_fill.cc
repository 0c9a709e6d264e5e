#include "control/output_fill.h"

#include <array>
#include <cmath>
#include <system_error>

#include <fmt/format.h>

#include "control/number_text.h"

namespace tapstat::control {

unsigned DiskFigures::percent() const {
  if (size() == 0) return 0;
  return static_cast<unsigned>(100.0 * (static_cast<double>(used) / static_cast<double>(size())));
}

void OutputFill::take(DiskFigures disk, uint64_t written, int refusal, Clock::time_point now) {
  disk_ = disk;
  written_.emplace_back(now, written);
  while (now - written_.front().first > kRateOver) written_.pop_front();
  if (refusal != 0) {
    refusal_ = refusal;
    refused_at_ = now;
  } else if (now - refused_at_ >= kRefusedFor) {
    refusal_ = 0;
  }
  const unsigned percent = disk.percent();
  if (percent >= kShortAt) refusal_ = 0;  // what df says is reason enough
  is_short_ = refusal_ != 0 || percent >= kShortAt || (is_short_ && percent > kRoomAt);
}

double OutputFill::bytes_per_s() const {
  if (written_.size() < 2) return 0;
  const auto& [first, at_first] = written_.front();
  const auto& [last, at_last] = written_.back();
  return static_cast<double>(at_last - at_first) /
         std::chrono::duration<double>(last - first).count();
}

std::string OutputFill::sentence(const std::string& directory) const {
  if (refusal_ != 0)
    return fmt::format("{} takes no more rows: {} ({} % full)", directory,
                       std::generic_category().message(refusal_), disk_.percent());
  const double rate = bytes_per_s();
  const double left_s = rate > 0 ? static_cast<double>(disk_.free) / rate : 0;
  return fmt::format("{} is {} % full ({} free{})", directory, disk_.percent(),
                     rough_size_text(disk_.free),
                     left_s < 1 ? "" : "; at the present rate " + rough_time_text(left_s));
}

std::string rough_time_text(double seconds) {
  struct Unit {
    const char* name;
    double seconds;
  };
  constexpr std::array kUnits = {Unit{"day", 86'400}, Unit{"hour", 3'600}, Unit{"minute", 60}};
  Unit best{"second", 1};
  for (const Unit& unit : kUnits) {
    if (seconds < 2 * unit.seconds) continue;
    best = unit;
    break;
  }
  const double count = std::floor(seconds / best.seconds);
  return fmt::format("{:.0f} {}{}", count, best.name, count == 1 ? "" : "s");
}

}  // namespace tapstat::control
