#include "flowstats/crypto/aes_blocks.h"

#include <limits>

#include <openssl/evp.h>

#include "flowstats/base/check.h"

namespace tapstat::flowstats::crypto {

void AesBlocks::Free::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

AesBlocks::AesBlocks(const Key& key) : context_(EVP_CIPHER_CTX_new()) {
  TAPSTAT_ASSERT(context_ != nullptr);
  const int ready =
      EVP_EncryptInit_ex2(context_.get(), EVP_aes_128_ecb(), key.data(), nullptr, nullptr);
  TAPSTAT_ASSERT(ready == 1);
  EVP_CIPHER_CTX_set_padding(context_.get(), 0);
}

void AesBlocks::encrypt(const uint8_t* in, uint8_t* out, size_t bytes) {
  TAPSTAT_ASSERT(bytes % kAesBlockBytes == 0 && bytes <= std::numeric_limits<int>::max());
  int written = 0;
  const int done = EVP_EncryptUpdate(context_.get(), out, &written, in, static_cast<int>(bytes));
  TAPSTAT_ASSERT(done == 1 && static_cast<size_t>(written) == bytes);
}

}  // namespace tapstat::flowstats::crypto
