#include "control/output_fill.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::DiskFigures;
using control::OutputFill;
using control::rough_time_text;
using std::chrono::seconds;

constexpr OutputFill::Clock::time_point kStart{std::chrono::hours{1}};
constexpr uint64_t kGb = 1'000'000'000;

/// A disk of 60 GB.
DiskFigures full_to(unsigned percent) {
  return {60 * kGb / 100 * percent, 60 * kGb / 100 * (100 - percent)};
}

TEST(DiskFigures, PercentsAreWholeAndRoundedDown) {
  EXPECT_EQ((DiskFigures{0, 0}.percent()), 0U) << "nobody knows";
  EXPECT_EQ((DiskFigures{0, 7}.percent()), 0U);
  EXPECT_EQ((DiskFigures{7, 0}.percent()), 100U);
  EXPECT_EQ((DiskFigures{99'999, 1}.percent()), 99U);
  EXPECT_EQ((DiskFigures{979, 21}.percent()), 97U);
  EXPECT_EQ((DiskFigures{uint64_t{1} << 63, 1}.percent()), 100U);
}

TEST(OutputFill, IsShortFrom98PercentUntil95) {
  OutputFill fill;
  const struct {
    unsigned percent;
    bool is_short;
  } kDays[] = {{50, false}, {97, false}, {98, true},  {97, true}, {96, true},
               {95, false}, {97, false}, {100, true}, {96, true}, {40, false}};
  auto now = kStart;
  for (const auto& day : kDays) {
    fill.take(full_to(day.percent), 0, 0, now += seconds{1});
    EXPECT_EQ(fill.is_short(), day.is_short) << day.percent;
  }
}

/// The example of the manual: 5 MB/s for the last 1.2 GB.
TEST(OutputFill, SaysHowLongTheRoomWillLast) {
  OutputFill fill;
  uint64_t written = 77 * kGb;
  for (int s = 0; s <= 10; ++s, written += 5'000'000)
    fill.take({58'800'000'000, 1'200'000'000}, written, 0, kStart + seconds{s});
  EXPECT_EQ(fill.sentence("/var/log/tapstat"),
            "/var/log/tapstat is 98 % full (1.2 GB free; at the present rate 4 minutes)");
}

TEST(OutputFill, SaysNothingAboutTimeWithoutARate) {
  OutputFill fill;
  fill.take(full_to(98), 5, 0, kStart);
  EXPECT_EQ(fill.sentence("out"), "out is 98 % full (1.2 GB free)") << "one look is no rate";
  fill.take(full_to(98), 5, 0, kStart + seconds{1});
  EXPECT_EQ(fill.sentence("out"), "out is 98 % full (1.2 GB free)") << "nothing is written";
  fill.take(full_to(100), 900, 0, kStart + seconds{2});
  EXPECT_EQ(fill.sentence("out"), "out is 100 % full (0 B free)") << "no time is left";
}

TEST(OutputFill, TheRateIsThatOfTheLastMinute) {
  OutputFill fill;
  fill.take(full_to(98), 0, 0, kStart);
  fill.take(full_to(98), 500 * kGb, 0, kStart + seconds{1});  // long ago
  for (int s = 2; s <= 90; ++s)
    fill.take(full_to(98), 500 * kGb + 10'000'000 * static_cast<uint64_t>(s), 0,
              kStart + seconds{s});
  EXPECT_EQ(fill.sentence("out"), "out is 98 % full (1.2 GB free; at the present rate 2 minutes)");
}

TEST(OutputFill, ARefusedWriteCountsForAMinuteWhateverTheFigures) {
  OutputFill fill;
  fill.take(full_to(40), 0, EDQUOT, kStart);
  EXPECT_TRUE(fill.is_short());
  EXPECT_EQ(fill.sentence("out"), "out takes no more rows: Disk quota exceeded (40 % full)");
  fill.take(full_to(40), 0, 0, kStart + seconds{59});
  EXPECT_TRUE(fill.is_short());
  fill.take(full_to(40), 0, 0, kStart + seconds{60});
  EXPECT_FALSE(fill.is_short());
}

TEST(OutputFill, ARefusedWriteOnAFullDiskIsThatOfAFullDisk) {
  OutputFill fill;
  fill.take(full_to(100), 0, ENOSPC, kStart);
  EXPECT_EQ(fill.sentence("out"), "out is 100 % full (0 B free)");
  fill.take(full_to(90), 0, 0, kStart + seconds{1});
  EXPECT_FALSE(fill.is_short()) << "somebody made room";
}

TEST(OutputFill, ADiskThatVanishedIsNotShort) {
  OutputFill fill;
  fill.take(full_to(99), 0, 0, kStart);
  fill.take({}, 0, 0, kStart + seconds{1});
  EXPECT_FALSE(fill.is_short());
}

TEST(RoughTime, HasTwoOfTheUnitAtLeast) {
  const struct {
    double seconds;
    const char* text;
  } kCases[] = {{1, "1 second"},        {1.9, "1 second"},        {40, "40 seconds"},
                {119, "119 seconds"},   {120, "2 minutes"},       {240, "4 minutes"},
                {7'199, "119 minutes"}, {7'200, "2 hours"},       {172'799, "47 hours"},
                {172'800, "2 days"},    {86'400'000, "1000 days"}};
  for (const auto& c : kCases) EXPECT_EQ(rough_time_text(c.seconds), c.text);
}

}  // namespace
}  // namespace tapstat::tests
