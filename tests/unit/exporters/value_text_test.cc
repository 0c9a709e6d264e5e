#include "exporters/value_text.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace tapstat::exporters {
namespace {

std::string decimal(double value) {
  std::array<char, kDecimalCharsMax> text{};
  return {text.data(), write_decimal(text.data(), value)};
}

std::string printf_decimal(double value) {
  std::array<char, kDecimalCharsMax + 1> text{};
  const int length = std::snprintf(text.data(), text.size(), "%f", value);
  return {text.data(), static_cast<size_t>(length)};
}

std::string text_of(const flowstats::Value& value) {
  RowBuffer out;
  append_value(out, value);
  return std::string{out.text()};
}

TEST(Decimal, EqualsPrintfOnTimesOfAnySize) {
  std::mt19937_64 random{20'140'514};
  for (int i = 0; i < 300'000; ++i) {
    const auto moment = static_cast<double>(random() % 4'000'000'000'000'000) / 1000.0;
    ASSERT_EQ(decimal(moment), printf_decimal(moment));
    const auto duration = static_cast<double>(random() % (uint64_t{1} << 31)) / 1000.0;
    ASSERT_EQ(decimal(duration), printf_decimal(duration));
    const auto mean = static_cast<double>(random() % 100'000'000) / 3.0001 / 1000;
    ASSERT_EQ(decimal(-mean), printf_decimal(-mean));
  }
}

/// Durations are whole microseconds: below 2^31 ms the double nearest to us / 1000 is less than
/// half a millionth away from it, so that its six decimals are the three of the microseconds and
/// "000".
TEST(Decimal, IsTheFixedPointTextOfEveryDurationBelow2To31Milliseconds) {
  const auto fixed_point = [](uint64_t us) {
    std::string text = std::to_string(us / 1000) + ".000000";
    for (uint64_t rest = us % 1000, at = text.size() - 4; rest != 0; rest /= 10, --at)
      text[at] = static_cast<char>('0' + rest % 10);
    return text;
  };
  constexpr uint64_t kEnd = (uint64_t{1} << 31) * 1000;
  const auto check = [&](uint64_t us) {
    const double value = static_cast<double>(us) / 1000.0;
    const std::string expected = fixed_point(us);
    if (decimal(value) != expected) return testing::AssertionFailure() << us << " us";
    return us % 64 != 0 || printf_decimal(value) == expected
               ? testing::AssertionSuccess()
               : testing::AssertionFailure() << us << " us differs from printf";
  };
  for (uint64_t us = 0; us < 1'000'000; ++us) ASSERT_TRUE(check(us));
  // Around every change of the exponent, where the distance of doubles doubles, and at the end.
  for (int power = 10; power <= 31; ++power)
    for (uint64_t us = (uint64_t{1} << power) * 1000 - 2'000; us < kEnd; ++us) {
      ASSERT_TRUE(check(us));
      if (us > (uint64_t{1} << power) * 1000 + 2'000) break;
    }
  // A prime step visits all remainders at all sizes.
  for (uint64_t us = 0; us < kEnd; us += 2'147'483) ASSERT_TRUE(check(us));
}

TEST(Decimal, EqualsPrintfOnExactTiesAndOnAnyBits) {
  std::mt19937_64 random{54};
  for (int i = 0; i < 300'000; ++i) {
    const double tie =
        std::ldexp(static_cast<double>(random() % 8192), -static_cast<int>(random() % 20));
    ASSERT_EQ(decimal(tie), printf_decimal(tie));
    const auto any = std::bit_cast<double>(random());
    if (std::isfinite(any)) {
      ASSERT_EQ(decimal(any), printf_decimal(any));
    }
  }
}

TEST(Decimal, EqualsPrintfAtTheEdgesOfItsMethod) {
  const double edge = std::ldexp(1.0, 43);
  for (const double value :
       {0.0, -0.0, 0.5e-6, 1.5e-6, 0.9999995, 0.99999949999, 1.0, edge, std::nextafter(edge, 0.0),
        std::nextafter(edge, 1e300), std::ldexp(1.0, -75), std::ldexp(1.0, -76),
        std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::min(),
        std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()})
    EXPECT_EQ(decimal(value), printf_decimal(value));
}

TEST(Decimal, NeverPrintsWhatIsNotANumber) {
  EXPECT_EQ(decimal(std::numeric_limits<double>::quiet_NaN()), "0.000000");
  EXPECT_EQ(decimal(-std::numeric_limits<double>::quiet_NaN()), "0.000000");
  EXPECT_EQ(decimal(std::numeric_limits<double>::infinity()), "0.000000");
}

TEST(Integer, HasTheWidthOfItsType) {
  EXPECT_EQ(text_of(flowstats::integer(std::numeric_limits<uint64_t>::max())),
            "18446744073709551615");
  EXPECT_EQ(text_of(flowstats::integer(std::numeric_limits<int64_t>::min())),
            "-9223372036854775808");
  EXPECT_EQ(text_of(flowstats::integer(int32_t{-25'536})), "-25536");
  EXPECT_EQ(text_of(flowstats::integer(uint8_t{255})), "255");
  EXPECT_EQ(text_of(flowstats::integer(true)), "1");
}

TEST(AddressText, IsInetNtops) {
  using flowstats::Address;
  using flowstats::IpAddress;
  using flowstats::IpVersion;
  const struct {
    Address address;
    const char* text;
  } kCases[] = {
      {{IpAddress::v4(0), IpVersion::v4}, "0.0.0.0"},
      {{IpAddress::v4(0xffffffff), IpVersion::v4}, "255.255.255.255"},
      {{IpAddress::v4(0xc000020a), IpVersion::v4}, "192.0.2.10"},
      {{{0x20010db800010000, 0x10}, IpVersion::v6}, "2001:db8:1::10"},
      {{{0, 0}, IpVersion::v6}, "::"},
      {{{0, 0x0000ffffc000020a}, IpVersion::v6}, "::ffff:192.0.2.10"},
      {{{0xabcdabcdabcdabcd, 0xabcdabcdabcdabcd}, IpVersion::v6},
       "abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd"},
  };
  for (const auto& c : kCases) EXPECT_EQ(text_of(c.address), c.text);
}

TEST(TextFromTheNetwork, StaysOneWord) {
  const struct {
    std::string_view raw;
    const char* text;
  } kCases[] = {
      {"www.example.org", "www.example.org"}, {"", "-"},
      {"a b\tc\nd", "a%20b%09c%0Ad"},         {"#15#c_ip:1", "%2315#c_ip:1"},
      {{"\0\x7f\x1f", 3}, "%00%7F%1F"},       {"\xc3\xbc\xff", "\xc3\xbc\xff"},
  };
  for (const auto& c : kCases) EXPECT_EQ(text_of(c.raw), c.text);
}

TEST(TextFromTheNetwork, StaysOneFieldBetweenTabs) {
  const struct {
    std::string_view raw;
    const char* text;
  } kCases[] = {
      {"Mozilla/5.0 (X11)", "Mozilla/5.0 (X11)"}, {"", "-"},
      {"a b\tc\r\nd\x7f", "a b%09c%0D%0Ad%7F"},   {"#C#c_ip:1", "%23C#c_ip:1"},
      {"\xc3\xbc\xff", "\xc3\xbc\xff"},
  };
  for (const auto& c : kCases) EXPECT_EQ(text_of(flowstats::Phrase{c.raw}), c.text);
}

TEST(CommunityIdText, IsItsVersionAndTheDigestInBase64) {
  flowstats::CommunityId id;
  EXPECT_EQ(text_of(id), "1:AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  id.digest.fill(0xff);
  EXPECT_EQ(text_of(id), "1://////////////////////////8=");
}

TEST(AbsentValue, IsPrintedAsItStands) { EXPECT_EQ(text_of(flowstats::Absent{"---"}), "---"); }

}  // namespace
}  // namespace tapstat::exporters
