#include "flowstats/crypto/hkdf.h"

#include <algorithm>

#include <openssl/sha.h>

#include "flowstats/base/check.h"

namespace tapstat::flowstats::crypto {
namespace {

constexpr size_t kBlockBytes = 64;  // of SHA-256
constexpr size_t kLabelBytesMax = 24;

// See the header: contexts of the newer functions would allocate.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

Secret digest_of_two(const std::array<uint8_t, kBlockBytes>& block, ByteRange rest) {
  Secret digest;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, block.data(), block.size());
  SHA256_Update(&context, rest.data(), rest.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

#pragma GCC diagnostic pop

std::array<uint8_t, kBlockBytes> padded(ByteRange key, uint8_t pad) {
  std::array<uint8_t, kBlockBytes> block;
  block.fill(pad);
  for (size_t i = 0; i < key.size(); ++i) block[i] = static_cast<uint8_t>(key.u8(i) ^ pad);
  return block;
}

}  // namespace

Secret hmac_sha256(ByteRange key, ByteRange message) {
  TAPSTAT_ASSERT(key.size() <= kBlockBytes);
  const Secret inner = digest_of_two(padded(key, 0x36), message);
  return digest_of_two(padded(key, 0x5c), {inner.data(), inner.size()});
}

Secret hkdf_extract(ByteRange salt, ByteRange input) { return hmac_sha256(salt, input); }

void hkdf_expand_label(const Secret& secret, std::string_view label, std::span<uint8_t> out) {
  constexpr std::string_view kPrefix = "tls13 ";
  TAPSTAT_ASSERT(label.size() <= kLabelBytesMax);
  TAPSTAT_ASSERT(out.size() <= secret.size());
  // length (2), label with its length, empty context, and the counter of the first block
  std::array<uint8_t, 2 + 1 + kPrefix.size() + kLabelBytesMax + 1 + 1> info{};
  info[1] = static_cast<uint8_t>(out.size());
  info[2] = static_cast<uint8_t>(kPrefix.size() + label.size());
  auto end = std::copy(kPrefix.begin(), kPrefix.end(), info.begin() + 3);
  end = std::copy(label.begin(), label.end(), end);
  *end++ = 0;
  *end++ = 1;
  const Secret block = hmac_sha256({secret.data(), secret.size()},
                                   {info.data(), static_cast<size_t>(end - info.begin())});
  std::copy_n(block.begin(), out.size(), out.begin());
}

}  // namespace tapstat::flowstats::crypto
