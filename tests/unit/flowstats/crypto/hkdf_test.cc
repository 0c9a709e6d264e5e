#include "flowstats/crypto/hkdf.h"

#include <gtest/gtest.h>

#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::crypto {
namespace {

using test::hex;
using test::unhex;

ByteRange range(const std::vector<uint8_t>& bytes) { return {bytes.data(), bytes.size()}; }

// RFC 4231 sections 4.2 and 4.3.
TEST(Hmac, AuthenticatesTheExamplesOfTheStandard) {
  const auto key = unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
             text = unhex("4869205468657265");
  EXPECT_EQ(hex(hmac_sha256(range(key), range(text))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  const auto jefe = unhex("4a656665"),
             question = unhex("7768617420646f2079612077616e7420666f72206e6f7468696e673f");
  EXPECT_EQ(hex(hmac_sha256(range(jefe), range(question))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// RFC 5869 section A.1.
TEST(Hkdf, ExtractsTheExampleOfTheStandard) {
  const auto input = unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
             salt = unhex("000102030405060708090a0b0c");
  EXPECT_EQ(hex(hkdf_extract(range(salt), range(input))),
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
}

// RFC 9001 section A.1: from the initial secret to the client's.
TEST(Hkdf, ExpandsWithALabel) {
  const auto salt = unhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"),
             id = unhex("8394c8f03e515708");
  const Secret initial = hkdf_extract(range(salt), range(id));
  EXPECT_EQ(hex(initial), "7db5df06e7a69e432496adedb00851923595221596ae2ae9fb8115c1e9ed0a44");
  Secret client;
  hkdf_expand_label(initial, "client in", client);
  EXPECT_EQ(hex(client), "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea");
}

TEST(HkdfDeathTest, RefusesKeysLongerThanABlock) {
  const std::vector<uint8_t> key(65);
  EXPECT_DEATH(static_cast<void>(hmac_sha256(range(key), {})), "");
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
