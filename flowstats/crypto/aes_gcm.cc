#include "flowstats/crypto/aes_gcm.h"

#include <openssl/evp.h>

#include "flowstats/base/check.h"

namespace tapstat::flowstats::crypto {

Aes128Gcm::Aes128Gcm() : context_(make_cipher_context("AES-128-GCM")) {}

void Aes128Gcm::set_key(const AesKey& key) {
  const int initialised =
      EVP_DecryptInit_ex2(context_.get(), nullptr, key.data(), nullptr, nullptr);
  TAPSTAT_ASSERT(initialised == 1);
}

bool Aes128Gcm::open(const GcmNonce& nonce, ByteRange header, ByteRange sealed,
                     std::span<uint8_t> out) {
  if (sealed.size() < kGcmTagBytes) return false;
  const size_t text_bytes = sealed.size() - kGcmTagBytes;
  TAPSTAT_ASSERT(out.size() >= text_bytes);
  EVP_CIPHER_CTX* const context = context_.get();
  std::array<uint8_t, kGcmTagBytes> tag;
  std::memcpy(tag.data(), sealed.data() + text_bytes, tag.size());
  int size = 0;
  std::array<uint8_t, 16> rest;
  return EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) == 1 &&
         EVP_DecryptUpdate(context, nullptr, &size, header.data(),
                           static_cast<int>(header.size())) == 1 &&
         (text_bytes == 0 || EVP_DecryptUpdate(context, out.data(), &size, sealed.data(),
                                               static_cast<int>(text_bytes)) == 1) &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                             tag.data()) == 1 &&
         EVP_DecryptFinal_ex(context, rest.data(), &size) == 1;
}

void Aes128Gcm::decrypt_unverified(const GcmNonce& nonce, ByteRange ciphertext,
                                   std::span<uint8_t> out) {
  TAPSTAT_ASSERT(out.size() >= ciphertext.size());
  int size = 0;
  const int initialised =
      EVP_DecryptInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), nullptr);
  const int decrypted = EVP_DecryptUpdate(context_.get(), out.data(), &size, ciphertext.data(),
                                          static_cast<int>(ciphertext.size()));
  TAPSTAT_ASSERT(initialised == 1 && (ciphertext.empty() || decrypted == 1));
}

}  // namespace tapstat::flowstats::crypto
