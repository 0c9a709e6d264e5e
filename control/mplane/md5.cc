#include "control/mplane/md5.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <string>

#include <openssl/err.h>
#include <openssl/evp.h>

namespace tapstat::control::mplane {

namespace {

constexpr size_t kBlockBytes = 64;

using Words = std::array<uint32_t, 4>;

/// RFC 1321 section 3.4: the i-th constant is the integer part of 2^32 times |sin(i)|, i in radians
/// from 1.
std::array<uint32_t, 64> sine_table() {
  std::array<uint32_t, 64> table{};
  for (size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<uint32_t>(std::fabs(std::sin(static_cast<double>(i + 1))) * 0x1p32);
  return table;
}

constexpr uint8_t byte_of(uint64_t value, size_t index) {
  return static_cast<uint8_t>(value >> (8 * index));
}

/// Text, one bit, zeros, and the text's length in bits: whole blocks (sections 3.1, 3.2).
std::string padded(std::string_view text) {
  std::string blocks{text};
  blocks += '\x80';
  while (blocks.size() % kBlockBytes != kBlockBytes - 8) blocks += '\0';
  const uint64_t bits = uint64_t{text.size()} * 8;
  for (size_t i = 0; i < 8; ++i) blocks += static_cast<char>(byte_of(bits, i));
  return blocks;
}

std::array<uint32_t, 16> words_of(std::string_view block) {
  std::array<uint32_t, 16> words{};
  for (size_t i = 0; i < kBlockBytes; ++i)
    words[i / 4] |= uint32_t{static_cast<uint8_t>(block[i])} << (8 * (i % 4));
  return words;
}

/// One of the 64 operations (section 3.4): the round's function of b, c, d and the word it takes.
struct Step {
  uint32_t mixed;
  size_t word;
  int shift;
};

Step step_of(size_t i, uint32_t b, uint32_t c, uint32_t d) {
  static constexpr std::array<std::array<int, 4>, 4> kShifts = {
      {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};
  const int shift = kShifts[i / 16][i % 4];
  switch (i / 16) {
    case 0: return {(b & c) | (~b & d), i, shift};
    case 1: return {(b & d) | (c & ~d), (5 * i + 1) % 16, shift};
    case 2: return {b ^ c ^ d, (3 * i + 5) % 16, shift};
    default: return {c ^ (b | ~d), (7 * i) % 16, shift};
  }
}

Words after_block(const Words& before, std::string_view block,
                  const std::array<uint32_t, 64>& sines) {
  const std::array<uint32_t, 16> words = words_of(block);
  auto [a, b, c, d] = before;
  for (size_t i = 0; i < sines.size(); ++i) {
    const Step step = step_of(i, b, c, d);
    const uint32_t sum = a + step.mixed + sines[i] + words[step.word];
    a = d;
    d = c;
    c = b;
    b += std::rotl(sum, step.shift);
  }
  return {before[0] + a, before[1] + b, before[2] + c, before[3] + d};
}

}  // namespace

std::optional<Md5Digest> md5_of_openssl(std::string_view text) {
  Md5Digest digest{};
  ERR_set_mark();
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_md5(), nullptr);
  ERR_pop_to_mark();
  if (done != 1) return std::nullopt;
  return digest;
}

Md5Digest md5_of_our_own(std::string_view text) {
  const std::array<uint32_t, 64> sines = sine_table();
  const std::string blocks = padded(text);
  Words words = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  for (size_t at = 0; at < blocks.size(); at += kBlockBytes)
    words = after_block(words, std::string_view{blocks}.substr(at, kBlockBytes), sines);
  Md5Digest digest{};
  for (size_t i = 0; i < digest.size(); ++i) digest[i] = byte_of(words[i / 4], i % 4);
  return digest;
}

}  // namespace tapstat::control::mplane
