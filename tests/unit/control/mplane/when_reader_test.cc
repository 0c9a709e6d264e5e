#include "control/mplane/when_reader.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace tapstat::control::mplane {
namespace {

/// Canonical text of what was read; "-" for none.
std::string read(std::string_view text) {
  const auto when = parse_when(text);
  return when ? canonical(*when) : "-";
}

TEST(WhenReader, KeywordsAndSeparators) {
  EXPECT_EQ(read("now"), "now");
  EXPECT_EQ(read("past"), "past");
  EXPECT_EQ(read("future"), "future");
  EXPECT_EQ(read("now ... future"), "now ... future");
  EXPECT_EQ(read("past ... now"), "past ... now");
  EXPECT_EQ(read("now + 5m"), "now + 5m");
  EXPECT_EQ(read("now + 1h / 10s"), "now + 1h / 10s");
  EXPECT_EQ(read("now / 10s"), "now / 10s");
  EXPECT_EQ(read("now ... future / 1d"), "now ... future / 1d");
  for (const char* junk : {"",
                           " ",
                           "Now",
                           "nowadays",
                           "tomorrow",
                           " now",
                           "now ",
                           "now+5m",
                           "now +5m",
                           "now + ",
                           "now ...",
                           "now ... ",
                           "now...future",
                           "now  ...  future",
                           "now + 5m + 5m",
                           "now ... future + 5m",
                           "now + 5m ... future",
                           "now / ",
                           "now / 5",
                           "now + 5m /10s",
                           "now / 5s / 5s",
                           "now ... tomorrow",
                           "+ 5m",
                           "now + 5m\n"})
    EXPECT_EQ(read(junk), "-") << junk;
}

TEST(WhenReader, Durations) {
  EXPECT_EQ(read("now + 60s"), "now + 1m");
  EXPECT_EQ(read("now + 90s"), "now + 1m30s");
  EXPECT_EQ(read("now + 0s"), "now + 0s");
  EXPECT_EQ(read("now + 0d0h0m0s"), "now + 0s");
  EXPECT_EQ(read("now + 1d2h3m4s"), "now + 1d2h3m4s");
  EXPECT_EQ(read("now + 25h61m"), "now + 1d2h1m");
  EXPECT_EQ(read("now + 007m"), "now + 7m");
  EXPECT_EQ(read("now + 1000000000000s"), "now + 11574074d1h46m40s");
  for (const char* junk :
       {"now + 5", "now + 5 m", "now + m", "now + 1s1m", "now + 1m1m", "now + -1s", "now + 1.5s",
        "now + 5M", "now + 1w", "now + 5minutes", "now + 1000000000001s", "now + 11574075d",
        "now + 11574074d2h", "now + 99999999999999999999s", "now + infinity", "now + inf1s"})
    EXPECT_EQ(read(junk), "-") << junk;
}

TEST(WhenReader, InfinityIsAHundredThousandDays) {
  EXPECT_EQ(read("now + inf"), "now + 100000d");
  EXPECT_TRUE(parse_when("now + inf")->duration_infinite);
  EXPECT_TRUE(parse_when("now + 100000d")->duration_infinite);
  EXPECT_FALSE(parse_when("now + 100001d")->duration_infinite);
  EXPECT_TRUE(parse_when("now / inf")->period_infinite);
  EXPECT_EQ(read("now / inf"), "now / 100000d");
}

TEST(WhenReader, Moments) {
  EXPECT_EQ(read("2014-05-14"), "2014-05-14 00:00:00.000000");
  EXPECT_EQ(read("2014-05-14 23:44"), "2014-05-14 23:44:00.000000");
  EXPECT_EQ(read("2014-05-14   23:44:14"), "2014-05-14 23:44:14.000000");
  EXPECT_EQ(read("2014-05-14 23:44:14.199951"), "2014-05-14 23:44:14.199951");
  EXPECT_EQ(read("2014-05-14 23:44:14.5"), "2014-05-14 23:44:14.500000");
  EXPECT_EQ(read("2014-05-14 23:44:14.05"), "2014-05-14 23:44:14.050000");
  EXPECT_EQ(read("1970-01-01 00:00:00.000001"), "1970-01-01 00:00:00.000001");
  EXPECT_EQ(read("9999-12-31 23:59:59.999999"), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(read("2014-01-01 ... 2014-01-02"),
            "2014-01-01 00:00:00.000000 ... 2014-01-02 00:00:00.000000");
  EXPECT_EQ(read("2014-01-01 + 1h"), "2014-01-01 00:00:00.000000 + 1h");
  for (const char* junk : {"1969-12-31",
                           "10000-01-01",
                           "14-05-14",
                           "2014-5-14",
                           "2014-05-4",
                           "2014/05/14",
                           "2014-13-01",
                           "2014-00-01",
                           "2014-01-00",
                           "2014-01-32",
                           "2014-05-14 24:00",
                           "2014-05-14 23:60",
                           "2014-05-14 23:44:60",
                           "2014-05-14 23",
                           "2014-05-14 1:44",
                           "2014-05-14 23:44:14.",
                           "2014-05-14 23:44:14.1234567",
                           "2014-05-14T23:44:14",
                           "2014-05-14 23:44:14Z",
                           "2014-05-14 23:44.5",
                           "2014-05-14 ",
                           "2014-05-1423:44"})
    EXPECT_EQ(read(junk), "-") << junk;
}

TEST(WhenReader, MonthsAndLeapYears) {
  EXPECT_EQ(read("2014-02-31"), "-");
  EXPECT_EQ(read("2014-04-31"), "-");
  EXPECT_EQ(read("2014-02-29"), "-");
  EXPECT_EQ(read("2100-02-29"), "-");
  EXPECT_EQ(read("2016-02-29"), "2016-02-29 00:00:00.000000");
  EXPECT_EQ(read("2000-02-29"), "2000-02-29 00:00:00.000000");
}

TEST(WhenReader, Repeats) {
  EXPECT_EQ(read("repeat now + 6s / 3s { now + 1s }"), "repeat now + 6s / 3s { now + 1s } ");
  EXPECT_EQ(read("repeat now + 6s / 3s { now + 1s } "), "repeat now + 6s / 3s { now + 1s } ");
  EXPECT_EQ(read("repeat now + 60s / 3s"), "repeat now + 1m / 3s");
  EXPECT_EQ(read("repeat now ... future / 1h { now }"), "repeat now ... future / 1h { now } ");
  EXPECT_EQ(read("repeat now ... future / 1h { now + 60s / 1s }"),
            "repeat now ... future / 1h { now + 1m / 1s } ");
  EXPECT_EQ(read("repeat now ... future cron 0 0 * * * *"),
            "repeat now ... future cron 0 0 * * * *");
  EXPECT_EQ(read("repeat now ... future cron 0,30 0-59 23 1-31 0-6 1,2,12 { now + 5s }"),
            "repeat now ... future cron 0,30 0-59 23 1-31 0-6 1,2,12 { now + 5s } ");
  for (const char* junk : {"repeat now + 6s",
                           "repeat now + 6s { now }",
                           "repeat ",
                           "repeat now / 3s cron * * * * * *",
                           "repeat now + 6s / 3s {now}",
                           "repeat now + 6s / 3s { now",
                           "repeat now + 6s / 3s { past }",
                           "repeat now + 6s / 3s { now ... future }",
                           "repeat now + 6s / 3s { now }  ",
                           "repeat now cron * * * * *",
                           "repeat now cron * * * * * * *",
                           "repeat now cron 60 * * * * *",
                           "repeat now cron * 60 * * * *",
                           "repeat now cron * * 24 * * *",
                           "repeat now cron * * * 0 * *",
                           "repeat now cron * * * 32 * *",
                           "repeat now cron * * * * 7 *",
                           "repeat now cron * * * * * 0",
                           "repeat now cron * * * * * 13",
                           "repeat now cron 5-2 * * * * *",
                           "repeat now cron 1-2-3 * * * * *",
                           "repeat now cron 1, * * * * *",
                           "repeat now cron *,1 * * * * *",
                           "repeat repeat now / 3s",
                           "repeat now / 3s "})
    EXPECT_EQ(read(junk), "-") << junk;
}

TEST(WhenReader, CanonicalTextReadsAsItself) {
  for (const char* text :
       {"now", "2014-05-14", "now + 90s / 61m", "2014-01-01 ... future", "now + inf / inf",
        "repeat now + 60s / 1s { now + 61s }", "repeat 2014-01-01 ... future cron 1 2 3 4 5 6"})
    EXPECT_EQ(read(read(text)), read(text)) << text;
}

}  // namespace
}  // namespace tapstat::control::mplane
