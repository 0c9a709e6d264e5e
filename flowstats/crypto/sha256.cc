#include "flowstats/crypto/sha256.h"

#include <openssl/sha.h>

namespace tapstat::flowstats::crypto {

std::array<uint8_t, 32> sha256(ByteRange bytes) {
  std::array<uint8_t, 32> digest{};
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

}  // namespace tapstat::flowstats::crypto
