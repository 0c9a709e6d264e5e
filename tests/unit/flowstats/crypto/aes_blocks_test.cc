#include "flowstats/crypto/aes_blocks.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace tapstat::flowstats::crypto {
namespace {

using Block = std::array<uint8_t, kAesBlockBytes>;

constexpr AesBlocks::Key kKey = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
// FIPS 197, appendix C.1.
constexpr Block kPlain = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                          0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
constexpr Block kCipher = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30,
                           0xd8, 0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};

TEST(AesBlocks, EncryptsTheExampleOfTheStandard) {
  AesBlocks cipher(kKey);
  Block out{};
  cipher.encrypt(kPlain.data(), out.data(), out.size());
  EXPECT_EQ(out, kCipher);
}

TEST(AesBlocks, EachBlockIsOnItsOwnAlsoInPlace) {
  AesBlocks cipher(kKey);
  std::array<uint8_t, 40 * kAesBlockBytes> bytes{};
  for (size_t i = 0; i < 40; i += 2)
    std::copy(kPlain.begin(), kPlain.end(), bytes.begin() + i * kAesBlockBytes);
  cipher.encrypt(bytes.data(), bytes.data(), bytes.size());
  for (size_t i = 0; i < 40; ++i) {
    const auto block = bytes.begin() + i * kAesBlockBytes;
    EXPECT_EQ(std::equal(kCipher.begin(), kCipher.end(), block), i % 2 == 0) << i;
  }
  cipher.encrypt(bytes.data(), bytes.data(), 0);
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
