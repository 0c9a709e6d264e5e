/// Encrypts names as Tstat's --enc does: AES-128 of each block of 16 bytes on its own, the last one
/// filled up with zero bytes, as Base64 in one word.
///
/// Equal names give equal words, and who has the key can read them. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "flowstats/crypto/aes_blocks.h"
#include "flowstats/crypto/base64.h"

namespace tapstat::flowstats::crypto {

class NameCipher {
 public:
  explicit NameCipher(const AesBlocks::Key& key) : cipher_(key) {}

  /// Characters that a name of `bytes` becomes.
  [[nodiscard]] static constexpr size_t chars(size_t bytes) {
    return base64_chars((bytes + kAesBlockBytes - 1) / kAesBlockBytes * kAesBlockBytes);
  }

  /// Valid until the next call; grows with the longest name. Nothing stays nothing.
  [[nodiscard]] std::string_view encrypt(std::string_view name);

 private:
  AesBlocks cipher_;
  std::vector<uint8_t> blocks_;
  std::vector<char> text_;
};

}  // namespace tapstat::flowstats::crypto
