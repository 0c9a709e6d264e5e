#include "control/mplane/when.h"

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace tapstat::control::mplane {
namespace {

constexpr int64_t kSecond = 1'000'000;

/// 2014-05-14 12:00:00.
constexpr UtcMicroseconds kArrival = int64_t{1'400'068'800} * kSecond;

/// "START END", in seconds after the arrival; "open" for no end; or the refusal.
std::string resolved(std::string_view text, const ScopeLimits& limits = {}) {
  const auto when = parse_when(text);
  if (!when) return "not readable";
  const auto scope = resolve(*when, kArrival, limits);
  if (!scope) return std::string{scope.error()};
  const std::string end =
      scope->end == kOpenEnd ? "open" : std::to_string((scope->end - kArrival) / kSecond);
  return fmt::format("{} {}", (scope->start - kArrival) / kSecond, end);
}

constexpr const char* kUnsupported = "Temporal scope not supported";
constexpr const char* kPast = "Temporal scope is in the past";
constexpr const char* kInvalid = "Invalid temporal scope";
constexpr const char* kLong = "Temporal scope too long";
constexpr const char* kFar = "Temporal scope too far in the future";

TEST(When, StartsNow) {
  EXPECT_EQ(resolved("now"), "0 0");
  EXPECT_EQ(resolved("now + 0s"), "0 0");
  EXPECT_EQ(resolved("now ... now"), "0 0");
  EXPECT_EQ(resolved("now + 5m"), "0 300");
  EXPECT_EQ(resolved("now ... 2014-05-14 12:00:10"), "0 10");
  EXPECT_EQ(resolved("now ... 2014-05-14 12:00"), "0 0");
  EXPECT_EQ(resolved("now ... 2014-05-14 11:59:59.999999"), kPast);
  EXPECT_EQ(resolved("now ... future"), "0 open");
  EXPECT_EQ(resolved("now + inf"), "0 open");
}

TEST(When, StartsAtAMoment) {
  EXPECT_EQ(resolved("2014-05-14 12:01"), "60 60");
  EXPECT_EQ(resolved("2014-05-14 12:00"), "0 0");
  EXPECT_EQ(resolved("2014-05-14 11:59"), kPast);
  EXPECT_EQ(resolved("2014-05-14 12:01 ... 2014-05-14 12:02"), "60 120");
  EXPECT_EQ(resolved("2014-05-14 12:01 + 1m"), "60 120");
  EXPECT_EQ(resolved("2014-05-14 12:01 ... future"), "60 open");
  EXPECT_EQ(resolved("2014-05-14 12:01 + inf"), "60 open");
}

TEST(When, AStartThatHasPassedStartsAtOnce) {
  EXPECT_EQ(resolved("2014-05-14 11:00 ... 2014-05-14 12:02"), "0 120");
  EXPECT_EQ(resolved("2014-05-14 11:59 + 2m"), "0 60");
  EXPECT_EQ(resolved("2014-05-14 11:59 + 1m"), "0 0");
  EXPECT_EQ(resolved("2014-05-14 11:59 + 59s"), kPast);
  EXPECT_EQ(resolved("1970-01-01 ... future"), "0 open");
}

TEST(When, EndBeforeStart) {
  EXPECT_EQ(resolved("2014-05-14 12:02 ... 2014-05-14 12:01"), kInvalid);
  EXPECT_EQ(resolved("2014-05-14 12:02 ... 2014-05-14 11:01"), kPast);
  EXPECT_EQ(resolved("2014-05-14 11:02 ... 2014-05-14 11:01"), kPast);
}

TEST(When, KeywordsInTheWrongPlace) {
  for (const char* text : {"past", "future", "past ... now", "past ... future", "future ... now",
                           "past + 5m", "future + 5m", "now ... past", "2014-05-14 11:00 ... past",
                           "2014-05-14 13:00 ... now", "2014-05-14 11:00 ... now"})
    EXPECT_EQ(resolved(text), kUnsupported) << text;
}

TEST(When, ThePeriodIsIgnored) {
  EXPECT_EQ(resolved("now + 5m / 1s"), "0 300");
  EXPECT_EQ(resolved("now / inf"), "0 0");
}

TEST(When, RepeatsAreRefused) {
  EXPECT_EQ(resolved("repeat now + 6s / 3s { now + 1s } "), "Repeated scopes are not supported");
}

TEST(When, LimitsCountFromTheLaterOfStartAndArrival) {
  EXPECT_EQ(resolved("now + 30d"), "0 2592000");
  EXPECT_EQ(resolved("now + 30d1s"), kLong);
  EXPECT_EQ(resolved("2014-05-14 12:01 + 30d"), "60 2592060");
  EXPECT_EQ(resolved("2014-05-14 12:01 + 30d1s"), kLong);
  EXPECT_EQ(resolved("2014-05-14 11:00 + 30d1h"), "0 2592000");
  EXPECT_EQ(resolved("2015-05-14 12:00"), "31536000 31536000");
  EXPECT_EQ(resolved("2015-05-14 12:00:01"), kFar);
  EXPECT_EQ(resolved("2099-01-01 + 90d"), kFar);
  EXPECT_EQ(resolved("now + 100001d"), kLong);
}

TEST(When, IndefiniteScopesCanBeForbidden) {
  ScopeLimits limits;
  limits.allow_indefinite = false;
  EXPECT_EQ(resolved("now ... future", limits), kLong);
  EXPECT_EQ(resolved("now + inf", limits), kLong);
  EXPECT_EQ(resolved("2014-05-14 12:01 ... future", limits), kLong);
  EXPECT_EQ(resolved("now + 1d", limits), "0 86400");
}

TEST(When, WideLimitsDoNotOverflow) {
  ScopeLimits limits;
  limits.duration_us_max = limits.ahead_us_max = kOpenEnd;
  const auto scope = resolve(*parse_when("9999-12-31 + 11574074d"), kArrival, limits);
  ASSERT_TRUE(scope);
  EXPECT_EQ(scope->end - scope->start, 11'574'074 * kDayUs);
  EXPECT_EQ(resolve(*parse_when("now + 1d"), kOpenEnd - 5, limits)->end, kOpenEnd - 1);
}

TEST(When, InstantsSwitchNothing) {
  EXPECT_TRUE(resolve(*parse_when("now"), kArrival, {})->is_instant());
  EXPECT_FALSE(resolve(*parse_when("now + 1s"), kArrival, {})->is_instant());
}

TEST(When, TimesHaveSixDigitsOfASecond) {
  EXPECT_EQ(time_text(0), "1970-01-01 00:00:00.000000");
  EXPECT_EQ(time_text(kArrival + 7), "2014-05-14 12:00:00.000007");
  EXPECT_EQ(interval_text(kArrival, kArrival + 90 * kSecond),
            "2014-05-14 12:00:00.000000 ... 2014-05-14 12:01:30.000000");
}

}  // namespace
}  // namespace tapstat::control::mplane
