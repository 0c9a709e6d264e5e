/// AES-128 (FIPS 197) of single blocks, by OpenSSL.
///
/// The context is made at construction; changing the key or encrypting takes no memory. One owner
/// thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

struct evp_cipher_ctx_st;

namespace tapstat::flowstats::crypto {

using AesKey = std::array<uint8_t, 16>;
using AesBlock = std::array<uint8_t, 16>;

/// Gives a context of OpenSSL back.
struct CipherContextDeleter {
  void operator()(evp_cipher_ctx_st* context) const;
};
using CipherContext = std::unique_ptr<evp_cipher_ctx_st, CipherContextDeleter>;

/// A context for the cipher that OpenSSL knows by `name`; ends the process by an assertion when the
/// library has it not.
[[nodiscard]] CipherContext make_cipher_context(const char* name);

class Aes128 {
 public:
  /// With a key of zeros.
  Aes128();

  void set_key(const AesKey& key);
  [[nodiscard]] AesBlock encrypt(const AesBlock& block);

 private:
  CipherContext context_;
};

}  // namespace tapstat::flowstats::crypto
