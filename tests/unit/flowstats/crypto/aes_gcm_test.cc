#include "flowstats/crypto/aes_gcm.h"

#include <gtest/gtest.h>

#include "tests/unit/flowstats/crypto/hex.h"

namespace tapstat::flowstats::crypto {
namespace {

using test::hex;
using test::unhex;
using test::unhex_array;

/// Test case 4 of the mode's specification by McGrew and Viega: with additional data.
class Gcm : public testing::Test {
 protected:
  Gcm() { cipher_.set_key(unhex_array<16>("feffe9928665731c6d6a8f9467308308")); }

  bool open() {
    return cipher_.open(nonce_, {header_.data(), header_.size()}, {sealed_.data(), sealed_.size()},
                        text_);
  }

  Aes128Gcm cipher_;
  GcmNonce nonce_ = unhex_array<12>("cafebabefacedbaddecaf888");
  std::vector<uint8_t> header_ = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  std::vector<uint8_t> sealed_ = unhex(
      "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
      "aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47");
  std::vector<uint8_t> text_ = std::vector<uint8_t>(60);
  const std::string expected_ =
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6"
      "b525b16aedf5aa0de657ba637b39";
};

TEST_F(Gcm, OpensTheExample) {
  ASSERT_TRUE(open());
  EXPECT_EQ(hex({text_.data(), text_.size()}), expected_);
  EXPECT_TRUE(open()) << "with the same context again";
}

TEST_F(Gcm, RefusesWhateverWasChanged) {
  sealed_[3] ^= 1;
  EXPECT_FALSE(open());
  sealed_[3] ^= 1;
  header_[0] ^= 1;
  EXPECT_FALSE(open());
  header_[0] ^= 1;
  nonce_[0] ^= 1;
  EXPECT_FALSE(open());
  nonce_[0] ^= 1;
  sealed_.back() ^= 1;
  EXPECT_FALSE(open());
  sealed_.resize(15);
  EXPECT_FALSE(open());
}

TEST_F(Gcm, DecryptsWhatWasCutWithoutItsTag) {
  cipher_.decrypt_unverified(nonce_, {sealed_.data(), 20}, text_);
  EXPECT_EQ(hex({text_.data(), 20}), expected_.substr(0, 40));
}

}  // namespace
}  // namespace tapstat::flowstats::crypto
