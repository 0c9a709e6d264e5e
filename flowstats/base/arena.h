/// Memory for a fixed number of objects, taken from the system once and addressed by 32-bit
/// numbers.
///
/// Pages are reserved at construction and touched on first use, so an oversized capacity costs
/// address space only. Objects are made by the owner with placement into zeroed memory; destructors
/// never run. One owner thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "flowstats/base/check.h"

namespace tapstat::flowstats {

/// An entry number that names nothing.
inline constexpr uint32_t kNoEntry = 0xffffffff;

/// Anonymous zeroed pages; asks for transparent huge pages when large. Aborts when the system
/// refuses.
class PageBlock {
 public:
  explicit PageBlock(size_t bytes);
  ~PageBlock();
  PageBlock(const PageBlock&) = delete;
  PageBlock& operator=(const PageBlock&) = delete;
  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

template <class T>
class Arena {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  explicit Arena(uint32_t capacity) : block_(size_t{capacity} * sizeof(T)), capacity_(capacity) {}

  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  [[nodiscard]] size_t bytes() const { return block_.size(); }
  [[nodiscard]] T& operator[](uint32_t entry) { return static_cast<T*>(block_.data())[entry]; }
  [[nodiscard]] const T& operator[](uint32_t entry) const {
    return static_cast<const T*>(block_.data())[entry];
  }

 private:
  PageBlock block_;
  uint32_t capacity_;
};

}  // namespace tapstat::flowstats
