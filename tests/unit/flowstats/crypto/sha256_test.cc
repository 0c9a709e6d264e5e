#include "flowstats/crypto/sha256.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::crypto {
namespace {

std::string sha256_digest_of(std::string_view text) {
  const auto digest = sha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  return test::hex(digest);
}

// FIPS 180-4's examples.
TEST(Sha256, HashesTheExamplesOfTheStandard) {
  EXPECT_EQ(sha256_digest_of(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_digest_of("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
