#include "flowstats/crypto/aes.h"

#include <gtest/gtest.h>

#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::crypto {
namespace {

using test::hex;
using test::unhex_array;

// FIPS 197 appendices C.1 and B.
TEST(Aes, EncryptsTheExamplesOfTheStandard) {
  Aes128 cipher;
  cipher.set_key(unhex_array<16>("000102030405060708090a0b0c0d0e0f"));
  EXPECT_EQ(hex(cipher.encrypt(unhex_array<16>("00112233445566778899aabbccddeeff"))),
            "69c4e0d86a7b0430d8cdb78070b4c55a");
  cipher.set_key(unhex_array<16>("2b7e151628aed2a6abf7158809cf4f3c"));
  EXPECT_EQ(hex(cipher.encrypt(unhex_array<16>("3243f6a8885a308d313198a2e0370734"))),
            "3925841d02dc09fbdc118597196a0b32");
}

TEST(Aes, BlocksDoNotDependOnEachOther) {
  Aes128 cipher;
  const AesBlock block = unhex_array<16>("00112233445566778899aabbccddeeff");
  const AesBlock first = cipher.encrypt(block);
  static_cast<void>(cipher.encrypt(first));
  EXPECT_EQ(hex(cipher.encrypt(block)), hex(first));
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
