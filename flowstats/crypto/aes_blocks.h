/// AES-128 (FIPS 197) of whole blocks, each on its own (ECB, NIST SP 800-38A), under one key, by
/// OpenSSL.
///
/// Its OpenSSL context and the key schedule are made once, in the constructor. One thread at a
/// time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

struct evp_cipher_ctx_st;  // of OpenSSL, which only this folder includes

namespace tapstat::flowstats::crypto {

inline constexpr size_t kAesBlockBytes = 16;

class AesBlocks {
 public:
  using Key = std::array<uint8_t, 16>;
  explicit AesBlocks(const Key& key);

  /// `bytes` is a multiple of kAesBlockBytes. `out` may be `in`, and may not overlap it otherwise.
  void encrypt(const uint8_t* in, uint8_t* out, size_t bytes);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
};

}  // namespace tapstat::flowstats::crypto
