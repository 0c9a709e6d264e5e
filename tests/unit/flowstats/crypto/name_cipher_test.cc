#include "flowstats/crypto/name_cipher.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace tapstat::flowstats::crypto {
namespace {

AesBlocks::Key key_of(std::string_view text) {
  AesBlocks::Key key{};
  std::copy(text.begin(), text.end(), key.begin());
  return key;
}

class NameCipherTest : public testing::Test {
 protected:
  std::string encrypted(std::string_view name) { return std::string(cipher_.encrypt(name)); }
  NameCipher cipher_{key_of("0123456789abcdef")};
};

TEST_F(NameCipherTest, GivesWhatTstatGives) {
  EXPECT_EQ(encrypted("www.example.com"), "WP439FRp100mOSb1d7N3PQ==");
}

TEST_F(NameCipherTest, FillsUpTheLastBlockOnly) {
  EXPECT_EQ(encrypted(""), "");
  EXPECT_EQ(encrypted("a").size(), 24U);
  EXPECT_EQ(encrypted(std::string(16, 'a')).size(), 24U);
  EXPECT_EQ(encrypted(std::string(17, 'a')).size(), 44U);
  for (size_t size = 0; size < 100; ++size)
    EXPECT_EQ(encrypted(std::string(size, 'a')).size(), NameCipher::chars(size)) << size;
}

TEST_F(NameCipherTest, BlocksAreIndependentAndALongNameLeavesNothingBehind) {
  const std::string first = encrypted("0123456789abcdefghijkl");
  EXPECT_EQ(encrypted("0123456789abcdefGHIJKL").substr(0, 20), first.substr(0, 20));
  EXPECT_EQ(encrypted("www.example.com"), "WP439FRp100mOSb1d7N3PQ==");
}

TEST_F(NameCipherTest, AnyBytesAreAName) {
  const std::string zeros(5, '\0');
  EXPECT_EQ(encrypted(zeros).size(), 24U);
  EXPECT_EQ(encrypted("\xff\xfe\n \"").find_first_of(" \n\""), std::string::npos);
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
