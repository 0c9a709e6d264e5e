#include "exporters/web100_names.h"

#include <array>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/exporters/exit_sample.h"

namespace tapstat::exporters {
namespace {

using flowstats::Duration;
using flowstats::IpAddress;
using flowstats::IpVersion;
using flowstats::Timestamp;
using tests::kHour;

std::string poll_time(Timestamp time) {
  std::array<char, kPollTimeChars> text{};
  const char* const end = write_poll_time(text.data(), time);
  return std::string(static_cast<const char*>(text.data()), end);
}

TEST(Web100Names, AnHourBeginsAtItsFirstMicrosecond) {
  EXPECT_EQ(start_of_hour(kHour), kHour);
  EXPECT_EQ(start_of_hour(kHour + Duration{3'599'999'999}), kHour);
  EXPECT_EQ(start_of_hour(kHour + Duration{-1}), kHour + Duration{-3'600'000'000});
  EXPECT_EQ(start_of_hour({-1}).us, -3'600'000'000);
}

TEST(Web100Names, FilesAreNamedAfterTheHourAndTheAddress) {
  const Timestamp one{kHour.us + 3'600'000'000};
  EXPECT_EQ(hour_directory(one, "node"), "SideStream/2017/02/03/node");
  EXPECT_EQ(hour_directory(one, ""), "SideStream/2017/02/03");
  EXPECT_EQ(hour_stem(one), "20170203T01:00:00Z_ALL");
  EXPECT_EQ(hour_stem(one, {IpAddress::v4(0xadcd0327), IpVersion::v4}),
            "20170203T01:00:00Z_173.205.3.39_");
  EXPECT_EQ(hour_stem(one, {{0x20010002'0000000a, 0x10}, IpVersion::v6}),
            "20170203T01:00:00Z_2001:2:0:a::10_");
}

TEST(Web100Names, TheHourIsReadBackFromAName) {
  EXPECT_EQ(hour_in_name("20170203T00:00:00Z_ALL0.web100"), kHour);
  EXPECT_EQ(hour_in_name(hour_stem(kHour, {{1, 2}, IpVersion::v6})), kHour);
  for (const char* name :
       {"", "20170203T00:00:00Z", "20170203T24:00:00Z_ALL0", "20170230T00:00:00Z_ALL0",
        "20170203T00:30:00Z_ALL0", "2017020xT00:00:00Z_ALL0", "20170203T000000Z_ALL0.web100"})
    EXPECT_FALSE(hour_in_name(name)) << name;
}

TEST(Web100Names, ThePollHasAHyphenBeforeItsTime) {
  EXPECT_EQ(poll_time(kHour + Duration{3'999'999}), "2017-02-03-00:00:03Z");
  EXPECT_EQ(poll_time({-1}), "1969-12-31-23:59:59Z");
  EXPECT_EQ(poll_time(flowstats::kNever).size(), kPollTimeChars);
  EXPECT_EQ(poll_time({std::numeric_limits<int64_t>::max()}), "9999-12-31-23:59:59Z");
}

TEST(Web100Names, ANodeIsOnePartOfAPath) {
  for (const char* good : {"", "probe-1", "mlab1.par01", "A_b"}) EXPECT_TRUE(check_node(good));
  for (const char* bad : {".", "..", "a/b", "a b", "n\xc3\xb6", "*"}) {
    const auto refused = check_node(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().status, flowstats::ExitStatus::usage);
  }
  EXPECT_TRUE(check_node(std::string(64, 'a')));
  EXPECT_FALSE(check_node(std::string(65, 'a')));
  EXPECT_TRUE(check_node(default_node()));
  EXPECT_EQ(default_node().find('.'), std::string::npos);
}

}  // namespace
}  // namespace tapstat::exporters
