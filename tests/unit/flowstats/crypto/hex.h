/// Bytes as the standards print their examples.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "flowstats/base/byte_range.h"

namespace tapstat::test {

[[nodiscard]] inline std::string hex(flowstats::ByteRange bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i) {
    text += "0123456789abcdef"[bytes.u8(i) >> 4];
    text += "0123456789abcdef"[bytes.u8(i) & 15];
  }
  return text;
}

template <size_t kBytes>
[[nodiscard]] std::string hex(const std::array<uint8_t, kBytes>& bytes) {
  return hex(flowstats::ByteRange{bytes.data(), bytes.size()});
}

[[nodiscard]] inline std::vector<uint8_t> unhex(std::string_view text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<uint8_t>(std::stoi(std::string{text.substr(i, 2)}, nullptr, 16)));
  return bytes;
}

template <size_t kBytes>
[[nodiscard]] std::array<uint8_t, kBytes> unhex_array(std::string_view text) {
  std::array<uint8_t, kBytes> bytes{};
  const auto all = unhex(text);
  for (size_t i = 0; i < kBytes && i < all.size(); ++i) bytes[i] = all[i];
  return bytes;
}

}  // namespace tapstat::test
