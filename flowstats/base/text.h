/// Text of bounded length inside a record or a flow: cut at its capacity, never longer.
///
/// Bytes as they came from the network, without a zero byte at the end. Trivially copyable; owned
/// by whatever it is a member of.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tapstat::flowstats {

/// A to Z in lower case, everything else as it is, whatever the locale.
constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

template <size_t kBytes>
class Text {
 public:
  static constexpr size_t kBytesMax = kBytes;
  static_assert(kBytes < 65536);

  constexpr void assign(std::string_view text) {
    size_ = static_cast<uint16_t>(std::min(text.size(), kBytes));
    std::copy_n(text.data(), size_, bytes_.data());
  }
  constexpr void append(std::string_view text) {
    const size_t added = std::min(text.size(), kBytes - size_);
    std::copy_n(text.data(), added, bytes_.data() + size_);
    size_ = static_cast<uint16_t>(size_ + added);
  }
  constexpr void cut_at(size_t size) {
    size_ = static_cast<uint16_t>(std::min(size, size_t{size_}));
  }
  constexpr void clear() { size_ = 0; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  uint16_t size_ = 0;
  std::array<char, kBytes> bytes_{};
};

/// Where a text of a variable-length record lies: `offset` bytes behind the start of the record.
struct TextRef {
  uint16_t offset = 0;
  uint16_t size = 0;  // 0: no text
};

}  // namespace tapstat::flowstats
