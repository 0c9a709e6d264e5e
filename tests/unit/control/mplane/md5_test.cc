#include "control/mplane/md5.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <openssl/err.h>

namespace tapstat::control::mplane {
namespace {

struct Vector {
  std::string_view text;
  std::string_view digest;
};

// RFC 1321 section A.5.
constexpr Vector kVectors[] = {
    {"", "d41d8cd98f00b204e9800998ecf8427e"},
    {"a", "0cc175b9c0f1b6a831c399e269772661"},
    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
     "d174ab98d277d9f5a5611c2c9f419d9f"},
    {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
     "57edf4a22be3c955ac49da2e2107b67a"},
};

std::string hex(const Md5Digest& digest) {
  std::string text;
  for (const uint8_t byte : digest) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[byte / 16];
    text += kDigits[byte % 16];
  }
  return text;
}

TEST(Md5, OursGivesThePublishedDigests) {
  for (const Vector& v : kVectors) EXPECT_EQ(hex(md5_of_our_own(v.text)), v.digest) << v.text;
}

TEST(Md5, OpensslGivesThePublishedDigestsOrRefusesQuietly) {
  for (const Vector& v : kVectors) {
    const auto digest = md5_of_openssl(v.text);
    if (digest) {
      EXPECT_EQ(hex(*digest), v.digest) << v.text;
    }
  }
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST(Md5, BothAgreeAroundEveryBlockEdge) {
  if (!md5_of_openssl("")) GTEST_SKIP() << "the provider refuses MD5";
  std::string text;
  for (int length = 0; length < 260; ++length) {
    ASSERT_EQ(md5_of_our_own(text), md5_of_openssl(text)) << length;
    text += static_cast<char>(length * 37);
  }
}

}  // namespace
}  // namespace tapstat::control::mplane
