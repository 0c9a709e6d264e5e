#include "flowstats/crypto/aes.h"

#include <openssl/evp.h>

#include "flowstats/base/check.h"

namespace tapstat::flowstats::crypto {

void CipherContextDeleter::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

CipherContext make_cipher_context(const char* name) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  TAPSTAT_ASSERT(cipher != nullptr);
  CipherContext context{EVP_CIPHER_CTX_new()};
  TAPSTAT_ASSERT(context != nullptr);
  // A first key makes the library take all the memory that later keys need.
  constexpr AesKey kZeros{};
  const int initialised =
      EVP_CipherInit_ex2(context.get(), cipher, kZeros.data(), kZeros.data(), 0, nullptr);
  TAPSTAT_ASSERT(initialised == 1);
  EVP_CIPHER_free(cipher);  // the context holds it
  return context;
}

Aes128::Aes128() : context_(make_cipher_context("AES-128-ECB")) { set_key({}); }

void Aes128::set_key(const AesKey& key) {
  // Without a cipher the context keeps its own, and its memory.
  const int initialised =
      EVP_EncryptInit_ex2(context_.get(), nullptr, key.data(), nullptr, nullptr);
  TAPSTAT_ASSERT(initialised == 1);
  EVP_CIPHER_CTX_set_padding(context_.get(), 0);
}

AesBlock Aes128::encrypt(const AesBlock& block) {
  AesBlock out{};
  int size = 0;
  const int encrypted = EVP_EncryptUpdate(context_.get(), out.data(), &size, block.data(),
                                          static_cast<int>(block.size()));
  TAPSTAT_ASSERT(encrypted == 1 && size == static_cast<int>(out.size()));
  return out;
}

}  // namespace tapstat::flowstats::crypto
