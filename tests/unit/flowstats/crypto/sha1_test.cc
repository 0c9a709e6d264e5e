#include "flowstats/crypto/sha1.h"

#include <string_view>

#include <gtest/gtest.h>

#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::crypto {
namespace {

std::string sha1_digest_of(std::string_view text) {
  return test::hex(sha1({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
}

// FIPS 180-4's examples.
TEST(Sha1, HashesTheExamplesOfTheStandard) {
  EXPECT_EQ(sha1_digest_of("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha1_digest_of(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
