/// A set of bytes that something may begin with: one look spares the rest for nearly all payloads.
///
/// A constant; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

namespace tapstat::flowstats::layer7 {

class FirstBytes {
 public:
  constexpr FirstBytes(std::initializer_list<uint8_t> bytes) {
    for (const unsigned byte : bytes) words_[byte / 64] |= uint64_t{1} << byte % 64;
  }
  [[nodiscard]] constexpr bool has(uint8_t byte) const {
    return (words_[byte / 64] >> byte % 64 & 1) != 0;
  }

 private:
  std::array<uint64_t, 4> words_{};  // a bit for each
};

}  // namespace tapstat::flowstats::layer7
