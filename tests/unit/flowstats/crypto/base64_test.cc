#include "flowstats/crypto/base64.h"

#include <string>

#include <gtest/gtest.h>

namespace tapstat::flowstats::crypto {
namespace {

std::string encoded(std::string_view text) {
  std::string out(base64_chars(text.size()) + 1, 'x');
  write_base64(out.data(), {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  EXPECT_EQ(out.back(), '\0');
  out.pop_back();
  return out;
}

std::string decoded(std::string_view text) {
  const auto bytes = read_base64(text);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "refused";
}

// RFC 4648 section 10.
TEST(Base64, WritesAndReadsTheExamplesOfTheRfc) {
  constexpr std::pair<const char*, const char*> kExamples[] = {{"", ""},
                                                               {"f", "Zg=="},
                                                               {"fo", "Zm8="},
                                                               {"foo", "Zm9v"},
                                                               {"foob", "Zm9vYg=="},
                                                               {"fooba", "Zm9vYmE="},
                                                               {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, base64] : kExamples) {
    EXPECT_EQ(encoded(plain), base64);
    EXPECT_EQ(decoded(base64), plain);
  }
}

TEST(Base64, RefusesWhatIsNotWhole) {
  for (const char* bad : {"Zg", "Zg=", "Zg==\n", " Zg=", "Z===", "====", "Zm9v=", "Z=9v",
                          "Zm9v====", "Zm_v", "Zm9v\xff\xff\xff\xff"})
    EXPECT_EQ(decoded(bad), "refused") << bad;
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
