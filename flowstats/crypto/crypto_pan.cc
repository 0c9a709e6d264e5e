#include "flowstats/crypto/crypto_pan.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tapstat::flowstats::crypto {
namespace {

/// Ones in the first `count` bits of 64; `count` may be negative or above 64.
uint64_t leading_ones(int count) {
  if (count <= 0) return 0;
  return count >= 64 ? ~uint64_t{0} : ~(~uint64_t{0} >> count);
}

static_assert(std::endian::native == std::endian::little);

void store(uint8_t* out, IpAddress block) {
  const uint64_t words[] = {__builtin_bswap64(block.high), __builtin_bswap64(block.low)};
  std::memcpy(out, words, sizeof words);
}

IpAddress load(const uint8_t* in) {
  uint64_t words[2];
  std::memcpy(words, in, sizeof words);
  return {__builtin_bswap64(words[0]), __builtin_bswap64(words[1])};
}

AesBlocks::Key cipher_key(const CryptoPan::Key& key) {
  AesBlocks::Key first{};
  std::copy_n(key.begin(), first.size(), first.begin());
  return first;
}

}  // namespace

CryptoPan::CryptoPan(const Key& key) : cipher_(cipher_key(key)) {
  cipher_.encrypt(key.data() + kAesBlockBytes, blocks_.data(), kAesBlockBytes);
  pad_ = load(blocks_.data());
}

/// Ones where the address, whose first bit is that of `high`, changes.
IpAddress CryptoPan::turned_bits(IpAddress address, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    const uint64_t high = leading_ones(static_cast<int>(i));
    const uint64_t low = leading_ones(static_cast<int>(i) - 64);
    store(blocks_.data() + i * kAesBlockBytes,
          {(address.high & high) | (pad_.high & ~high), (address.low & low) | (pad_.low & ~low)});
  }
  cipher_.encrypt(blocks_.data(), blocks_.data(), bits * kAesBlockBytes);
  IpAddress turned;
  for (unsigned i = 0; i < bits; ++i) {
    const uint64_t bit = blocks_[i * kAesBlockBytes] >> 7;
    (i < 64 ? turned.high : turned.low) |= bit << (63 - i % 64);
  }
  return turned;
}

uint32_t CryptoPan::v4(uint32_t address) {
  const IpAddress turned = turned_bits({uint64_t{address} << 32, 0}, 32);
  return address ^ static_cast<uint32_t>(turned.high >> 32);
}

IpAddress CryptoPan::v6(IpAddress address) {
  const IpAddress turned = turned_bits(address, kBitsMax);
  return {address.high ^ turned.high, address.low ^ turned.low};
}

}  // namespace tapstat::flowstats::crypto
