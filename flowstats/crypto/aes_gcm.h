/// Decryption with AES-128 in Galois/Counter Mode (NIST SP 800-38D), by OpenSSL.
///
/// The context is made at construction; decrypting takes no memory. One owner thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "flowstats/base/byte_range.h"
#include "flowstats/crypto/aes.h"

namespace tapstat::flowstats::crypto {

using GcmNonce = std::array<uint8_t, 12>;
inline constexpr size_t kGcmTagBytes = 16;

class Aes128Gcm {
 public:
  Aes128Gcm();

  void set_key(const AesKey& key);

  /// `sealed` is the ciphertext and its tag. The plaintext goes to `out`, which must have room for
  /// it. False: the tag does not fit, and `out` holds nothing of use.
  [[nodiscard]] bool open(const GcmNonce& nonce, ByteRange header, ByteRange sealed,
                          std::span<uint8_t> out);

  /// Ciphertext whose end, and so its tag, was not captured: nothing is verified.
  void decrypt_unverified(const GcmNonce& nonce, ByteRange ciphertext, std::span<uint8_t> out);

 private:
  CipherContext context_;
};

}  // namespace tapstat::flowstats::crypto
