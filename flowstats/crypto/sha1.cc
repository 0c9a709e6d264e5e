#include "flowstats/crypto/sha1.h"

#include <openssl/sha.h>

namespace tapstat::flowstats::crypto {

std::array<uint8_t, 20> sha1(ByteRange bytes) {
  std::array<uint8_t, 20> digest{};
  SHA1(bytes.data(), bytes.size(), digest.data());
  return digest;
}

}  // namespace tapstat::flowstats::crypto
