#include "control/mplane/when_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "control/text.h"

namespace tapstat::control::mplane {

namespace {

constexpr size_t kDurationDigitsMax = 13;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool WhenReader::read_literal(std::string_view literal) {
  if (!rest_.starts_with(literal)) return false;
  rest_.remove_prefix(literal.size());
  return true;
}

std::optional<int64_t> WhenReader::read_number(size_t digits_min, size_t digits_max) {
  const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
  const auto digits = static_cast<size_t>(end - rest_.begin());
  if (digits < digits_min || digits > digits_max) return std::nullopt;
  const auto value = number<int64_t>(rest_.substr(0, digits));
  if (value) rest_.remove_prefix(digits);
  return value;
}

std::optional<WhenTime> WhenReader::read_time() {
  using Kind = WhenTime::Kind;
  if (read_literal("now")) return WhenTime{Kind::now};
  if (read_literal("past")) return WhenTime{Kind::past};
  if (read_literal("future")) return WhenTime{Kind::future};
  return read_date_and_time();
}

std::optional<WhenTime> WhenReader::read_date_and_time() {
  WhenReader ahead = *this;
  const auto year = ahead.read_number(4, 4);
  if (!year || *year < 1970 || !ahead.read_literal("-")) return std::nullopt;
  const auto month = ahead.read_number(2, 2);
  if (!month || !ahead.read_literal("-")) return std::nullopt;
  const auto day = ahead.read_number(2, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  const auto midnight = std::chrono::sys_days{date}.time_since_epoch();
  WhenTime time{WhenTime::Kind::absolute, std::chrono::microseconds{midnight}.count()};
  const size_t blanks = std::min(ahead.rest_.find_first_not_of(' '), ahead.rest_.size());
  if (blanks > 0 && blanks < ahead.rest_.size() && is_digit(ahead.rest_[blanks])) {
    ahead.rest_.remove_prefix(blanks);
    const auto time_of_day = ahead.read_time_of_day_us();
    if (!time_of_day) return std::nullopt;
    time.at += *time_of_day;
  }
  *this = ahead;
  return time;
}

std::optional<int64_t> WhenReader::read_time_of_day_us() {
  const auto hour = read_number(2, 2);
  if (!hour || *hour > 23 || !read_literal(":")) return std::nullopt;
  const auto minute = read_number(2, 2);
  if (!minute || *minute > 59) return std::nullopt;
  const int64_t minutes_us = (*hour * 60 + *minute) * 60 * kSecondUs;
  if (!read_literal(":")) return minutes_us;
  const auto second = read_number(2, 2);
  if (!second || *second > 59) return std::nullopt;
  const int64_t seconds_us = minutes_us + *second * kSecondUs;
  if (!read_literal(".")) return seconds_us;
  const size_t before = rest_.size();
  auto fraction = read_number(1, 6);
  if (!fraction) return std::nullopt;
  for (size_t digits = before - rest_.size(); digits < 6; ++digits) *fraction *= 10;
  return seconds_us + *fraction;
}

std::optional<WhenReader::Duration> WhenReader::read_duration() {
  struct Part {
    char letter;
    int64_t seconds;
  };
  constexpr std::array<Part, 4> kParts = {{{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};
  WhenReader ahead = *this;
  int64_t seconds = 0;
  bool any = false;
  if (ahead.read_literal("inf")) {
    any = true;
    seconds = kInfiniteDays * kDayUs / kSecondUs;
  } else {
    auto part = kParts.begin();
    while (const auto count = ahead.read_number(1, kDurationDigitsMax)) {
      part = std::find_if(part, kParts.end(), [&ahead](const Part& p) {
        return !ahead.rest_.empty() && p.letter == ahead.rest_.front();
      });
      if (part == kParts.end() || *count > kDurationSecondsMax / part->seconds) return std::nullopt;
      seconds += *count * part->seconds;
      any = true;
      ahead.rest_.remove_prefix(1);
      ++part;
    }
  }
  if (!any || seconds > kDurationSecondsMax) return std::nullopt;
  *this = ahead;
  return Duration{seconds * kSecondUs, seconds * kSecondUs == kInfiniteDays * kDayUs};
}

bool WhenReader::read_cron_field(Range allowed) {
  if (read_literal("*")) return true;
  const auto read_value = [this, allowed] {
    auto value = read_number(1, 2);
    if (value && (*value < allowed.low || *value > allowed.high)) value.reset();
    return value;
  };
  const auto first = read_value();
  if (!first) return false;
  if (read_literal("-")) {
    const auto last = read_value();
    return last && *last >= *first;
  }
  while (read_literal(","))
    if (!read_value()) return false;
  return true;
}

std::optional<std::string_view> WhenReader::read_cron() {
  constexpr std::array<Range, 6> kFields = {{{0, 59}, {0, 59}, {0, 23}, {1, 31}, {0, 6}, {1, 12}}};
  WhenReader ahead = *this;
  for (size_t i = 0; i < kFields.size(); ++i) {
    if (i > 0 && !ahead.read_literal(" ")) return std::nullopt;
    if (!ahead.read_cron_field(kFields[i])) return std::nullopt;
  }
  const std::string_view cron = rest_.substr(0, rest_.size() - ahead.rest_.size());
  *this = ahead;
  return cron;
}

std::optional<When> WhenReader::read_simple() {
  WhenReader ahead = *this;
  When when;
  const auto start = ahead.read_time();
  if (!start) return std::nullopt;
  when.start = *start;
  if (ahead.read_literal(" ... ")) {
    when.end = ahead.read_time();
    if (!when.end) return std::nullopt;
  } else if (ahead.read_literal(" + ")) {
    const auto duration = ahead.read_duration();
    if (!duration) return std::nullopt;
    when.duration_infinite = duration->infinite;
    if (!duration->infinite) when.duration_us = duration->us;
  }
  if (ahead.read_literal(" / ")) {
    const auto period = ahead.read_duration();
    if (!period) return std::nullopt;
    when.period_infinite = period->infinite;
    if (!period->infinite) when.period_us = period->us;
  }
  *this = ahead;
  return when;
}

namespace {

/// After "repeat ": a scope, its period or cron, and what is to be done each time.
std::optional<When> read_repeat(WhenReader& reader) {
  auto when = reader.read_simple();
  if (!when) return std::nullopt;
  std::string text = "repeat " + canonical(*when);
  bool has_interval = when->period_us || when->period_infinite;
  if (reader.read_literal(" cron ")) {
    const auto cron = reader.read_cron();
    if (!cron || has_interval) return std::nullopt;
    has_interval = true;
    text += " cron ";
    text += *cron;
  }
  if (!has_interval) return std::nullopt;
  if (reader.read_literal(" { ")) {
    const auto each = reader.read_simple();
    if (!each || each->start.kind != WhenTime::Kind::now || each->end) return std::nullopt;
    if (!reader.read_literal(" }")) return std::nullopt;
    // The later generation writes a blank behind the brace.
    if (!reader.at_end() && !reader.read_literal(" ")) return std::nullopt;
    text += " { " + canonical(*each) + " } ";
  }
  when->repeated = true;
  when->repeat_text = std::move(text);
  return when;
}

}  // namespace

std::optional<When> parse_when(std::string_view text) {
  WhenReader reader{text};
  auto when = reader.read_literal("repeat ") ? read_repeat(reader) : reader.read_simple();
  if (!when || !reader.at_end()) return std::nullopt;
  return when;
}

}  // namespace tapstat::control::mplane
