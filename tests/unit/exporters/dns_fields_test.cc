#include "exporters/dns_fields.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::exporters {
namespace {

using flowstats::ByteRange;

ByteRange range(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string base64(std::string_view text) {
  RowBuffer out;
  append_base64(out, range(text));
  return std::string{out.text()};
}

/// The vectors of RFC 4648 section 10.
TEST(Base64, HasTheLengthThatItNeeds) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Text, HasNoBlankAndNoControlByte) {
  std::vector<uint8_t> all(256);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint8_t>(i);
  RowBuffer out;
  append_quoted(out, {all.data(), all.size()});
  for (const char c : out.text()) EXPECT_TRUE(c == '\t' || (c > ' ' && c < 127)) << int{c};
  EXPECT_EQ(out.text().size(), 2 + 32 * 4 + 95 + 2 + 129 * 4U);
}

TEST(Addresses, AreOfFourOrSixteenBytes) {
  const std::array<uint8_t, 16> bytes = {0x20, 1, 0xd, 0xb8};
  RowBuffer out;
  append_wire_address(out, {bytes.data(), 4});
  out.append(" ");
  append_wire_address(out, {bytes.data(), 16});
  out.append(" ");
  append_wire_address(out, {bytes.data(), 5});
  EXPECT_EQ(out.text(), "32.1.13.184 2001:db8:: ");
}

}  // namespace
}  // namespace tapstat::exporters
