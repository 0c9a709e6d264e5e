#include "control/mplane/when.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include <fmt/format.h>

#include "control/mplane/when_reader.h"

namespace tapstat::control::mplane {

namespace {

/// "1h5m"; "0s" for zero.
std::string duration_text(int64_t duration_us) {
  struct Part {
    int64_t seconds;
    char letter;
  };
  constexpr std::array<Part, 4> kParts = {{{86'400, 'd'}, {3'600, 'h'}, {60, 'm'}, {1, 's'}}};
  int64_t rest = duration_us / kSecondUs;
  if (rest == 0) return "0s";
  std::string text;
  for (const Part& part : kParts) {
    if (rest >= part.seconds) text += fmt::format("{}{}", rest / part.seconds, part.letter);
    rest %= part.seconds;
  }
  return text;
}

std::string optional_duration(std::string_view separator, std::optional<int64_t> duration_us,
                              bool infinite) {
  if (infinite) return fmt::format("{}{}d", separator, kInfiniteDays);
  if (duration_us) return std::string{separator} + duration_text(*duration_us);
  return {};
}

std::string text_of(const WhenTime& time) {
  switch (time.kind) {
    case WhenTime::Kind::now: return "now";
    case WhenTime::Kind::past: return "past";
    case WhenTime::Kind::future: return "future";
    case WhenTime::Kind::absolute: break;
  }
  return time_text(time.at);
}

/// Start and end in absolute time, before any limit.
struct Interval {
  UtcMicroseconds start = 0, end = 0;
};

UtcMicroseconds later_by(UtcMicroseconds start, int64_t duration_us) {
  UtcMicroseconds end = 0;
  if (__builtin_add_overflow(start, duration_us, &end)) return kOpenEnd - 1;
  return std::min(end, kOpenEnd - 1);
}

bool is_supported(const When& when) {
  using Kind = WhenTime::Kind;
  if (when.start.kind == Kind::past || when.start.kind == Kind::future) return false;
  if (!when.end) return true;
  if (when.end->kind == Kind::past) return false;
  return when.end->kind != Kind::now || when.start.kind == Kind::now;
}

Interval interval_of(const When& when, UtcMicroseconds arrival) {
  const auto moment = [arrival](const WhenTime& time) {
    return time.kind == WhenTime::Kind::now ? arrival : time.at;
  };
  Interval interval{moment(when.start), moment(when.start)};
  if (when.duration_infinite)
    interval.end = kOpenEnd;
  else if (when.duration_us)
    interval.end = later_by(interval.start, *when.duration_us);
  else if (when.end)
    interval.end = when.end->kind == WhenTime::Kind::future ? kOpenEnd : moment(*when.end);
  return interval;
}

}  // namespace

std::string canonical(const When& when) {
  if (when.repeated) return when.repeat_text;
  std::string text = text_of(when.start);
  if (when.end) text += " ... " + text_of(*when.end);
  text += optional_duration(" + ", when.duration_us, when.duration_infinite);
  return text + optional_duration(" / ", when.period_us, when.period_infinite);
}

std::string time_text(UtcMicroseconds time) {
  using std::chrono::days;
  using std::chrono::microseconds;
  const std::chrono::sys_time<microseconds> moment{microseconds{time}};
  const auto midnight = std::chrono::floor<days>(moment);
  const std::chrono::year_month_day date{midnight};
  const int64_t us = (moment - midnight).count();
  const int64_t seconds = us / kSecondUs;
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     seconds / 3'600, seconds / 60 % 60, seconds % 60, us % kSecondUs);
}

std::string interval_text(UtcMicroseconds start, UtcMicroseconds end) {
  return time_text(start) + " ... " + time_text(end);
}

tl::expected<Scope, std::string_view> resolve(const When& when, UtcMicroseconds arrival,
                                              const ScopeLimits& limits) {
  const auto refused = [](std::string_view text) {
    return tl::expected<Scope, std::string_view>{tl::unexpect, text};
  };
  constexpr std::string_view kTooLong = "Temporal scope too long";
  if (when.repeated) return refused("Repeated scopes are not supported");
  if (!is_supported(when)) return refused("Temporal scope not supported");
  const Interval asked = interval_of(when, arrival);
  if (asked.end < arrival) return refused("Temporal scope is in the past");
  if (asked.end < asked.start) return refused("Invalid temporal scope");
  const UtcMicroseconds start = std::max(asked.start, arrival);
  if (start > later_by(arrival, limits.ahead_us_max))
    return refused("Temporal scope too far in the future");
  if (asked.end == kOpenEnd) {
    if (!limits.allow_indefinite) return refused(kTooLong);
  } else if (asked.end > later_by(start, limits.duration_us_max)) {
    return refused(kTooLong);
  }
  return Scope{start, asked.end};
}

}  // namespace tapstat::control::mplane
