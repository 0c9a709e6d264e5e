/// Crypto-PAn: replaces addresses so that two that share exactly their first k bits share exactly
/// their first k bits afterwards (J. Fan, J. Xu, M. Ammar, S. Moon, Computer Networks 46(2), 2004).
///
/// Bit i of the result is bit i of the address, turned over when the first bit of AES(first i bits,
/// filled up with a secret pad) is set. All blocks of an address are encrypted by one call. A
/// one-to-one map for each key. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flowstats/crypto/aes_blocks.h"
#include "flowstats/wire/ip_address.h"

namespace tapstat::flowstats::crypto {

class CryptoPan {
 public:
  static constexpr size_t kKeyBytes = 32;  // the AES key, then the block that the pad is made of
  using Key = std::array<uint8_t, kKeyBytes>;
  explicit CryptoPan(const Key& key);

  /// Host byte order.
  [[nodiscard]] uint32_t v4(uint32_t address);
  /// All 128 bits as one prefix.
  [[nodiscard]] IpAddress v6(IpAddress address);

 private:
  static constexpr unsigned kBitsMax = 128;
  [[nodiscard]] IpAddress turned_bits(IpAddress address, unsigned bits);

  AesBlocks cipher_;
  IpAddress pad_;
  std::array<uint8_t, kBitsMax * kAesBlockBytes> blocks_;  // of one call
};

}  // namespace tapstat::flowstats::crypto
