#include "flowstats/crypto/sha256.h"

#include <string>

#include <gtest/gtest.h>

namespace tapstat::flowstats::crypto {
namespace {

std::string hex(ByteRange bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    text += "0123456789abcdef"[bytes.u8(i) >> 4];
    text += "0123456789abcdef"[bytes.u8(i) & 15];
  }
  return text;
}

std::string digest_of(std::string_view text) {
  const auto digest = sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return hex({digest.data(), digest.size()});
}

// FIPS 180-4's examples.
TEST(Sha256, HashesTheExamplesOfTheStandard) {
  EXPECT_EQ(digest_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
