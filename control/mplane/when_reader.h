/// Reads the grammar of temporal scopes from left to right; what each part means is when.h's
/// business. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "control/mplane/when.h"

namespace tapstat::control::mplane {

/// "inf" is this many days long, in canonical text and on the wire of the later generation.
inline constexpr int64_t kInfiniteDays = 100'000;
/// Longer durations are no durations: sums with any moment up to the year 9999 stay in range.
inline constexpr int64_t kDurationSecondsMax = 1'000'000'000'000;

/// A position in a text; every `read_` moves it only when it succeeds.
class WhenReader {
 public:
  explicit WhenReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool read_literal(std::string_view literal);
  [[nodiscard]] std::optional<WhenTime> read_time();
  struct Duration {
    int64_t us = 0;
    bool infinite = false;
  };
  [[nodiscard]] std::optional<Duration> read_duration();
  /// Six fields with a blank between: second, minute, hour, day of month, weekday from Sunday = 0,
  /// month. The text of the schedule.
  [[nodiscard]] std::optional<std::string_view> read_cron();

  /// `time`, with an end or a duration, with a period.
  [[nodiscard]] std::optional<When> read_simple();

 private:
  /// A number of `digits_min` to `digits_max` digits.
  [[nodiscard]] std::optional<int64_t> read_number(size_t digits_min, size_t digits_max);
  [[nodiscard]] std::optional<WhenTime> read_date_and_time();
  [[nodiscard]] std::optional<int64_t> read_time_of_day_us();
  struct Range {
    int64_t low = 0, high = 0;
  };
  [[nodiscard]] bool read_cron_field(Range allowed);

  std::string_view rest_;
};

}  // namespace tapstat::control::mplane
