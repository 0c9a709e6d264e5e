/// Growing text of whole rows, filled by one thread at a time and kept between batches so that it
/// stops allocating.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace tapstat::exporters {

class RowBuffer {
 public:
  /// At least `bytes` writable bytes at the end of the text; commit() says how far they were used.
  [[nodiscard, gnu::always_inline]] char* space(size_t bytes) {
    if (capacity_ - size_ < bytes) [[unlikely]]
      grow(bytes);
    return bytes_.get() + size_;
  }
  void commit(const char* end) { size_ = static_cast<size_t>(end - bytes_.get()); }

  void append(std::string_view text) {
    char* at = space(text.size());
    std::memcpy(at, text.data(), text.size());
    commit(at + text.size());
  }

  /// The last character again, to turn a separator into a line end. Precondition: not empty.
  [[nodiscard]] char& back() { return bytes_[size_ - 1]; }

  [[nodiscard]] std::string_view text() const { return {bytes_.get(), size_}; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }

 private:
  [[gnu::noinline]] void grow(size_t bytes) {
    const size_t wanted = std::max(size_ + bytes, capacity_ + capacity_ / 2 + 4096);
    auto larger = std::make_unique<char[]>(wanted);
    if (size_ != 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace tapstat::exporters
