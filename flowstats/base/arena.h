/// Memory for a fixed number of objects, taken from the system once and addressed by 32-bit
/// numbers.
///
/// Pages are reserved at construction and touched on first use, or all at once by touch(). Objects
/// are made by the owner with placement into zeroed memory; destructors never run. One owner
/// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "flowstats/base/check.h"

namespace tapstat::flowstats {

/// An entry number that names nothing.
inline constexpr uint32_t kNoEntry = 0xffffffff;

inline constexpr size_t kHugePage = size_t{2} << 20;   // bytes
inline constexpr size_t kGiantPage = size_t{1} << 30;  // bytes

/// The pages of a block, the fastest first.
enum class PageKind : uint8_t {
  hugetlb_1g,   // reserved by the administrator, and for this block since it was made
  hugetlb_2m,   // the same
  transparent,  // asked for with madvise(): huge where the kernel finds them at the first touch
  ordinary,     // 4 KiB
};
inline constexpr size_t kPageKinds = 4;

enum class PagePolicy : uint8_t {
  automatic,  // the fastest kind that is there
  ordinary,   // 4 KiB pages only, to compare
};

/// For blocks that are made from now on; any thread. A process begins with `automatic`.
void set_page_policy(PagePolicy policy);

/// Bytes in the blocks that exist, by PageKind.
struct PageUse {
  std::array<size_t, kPageKinds> bytes{};
  [[nodiscard]] size_t of(PageKind kind) const { return bytes[static_cast<size_t>(kind)]; }
  [[nodiscard]] size_t total() const;
};

/// Of the whole process; any thread.
[[nodiscard]] PageUse page_use();

/// Anonymous zeroed pages. Blocks of 2 MiB and more take hugetlb pages when there are enough for
/// all of the block, else ordinary ones, aligned to 2 MiB, with a request for transparent huge
/// pages. Hugetlb pages are reserved whole at construction, so that no later access can fail for
/// want of one. When the system refuses, the process ends with ExitStatus::environment and a
/// sentence that names the size.
class PageBlock {
 public:
  explicit PageBlock(size_t bytes);
  ~PageBlock();
  PageBlock(const PageBlock&) = delete;
  PageBlock& operator=(const PageBlock&) = delete;

  [[nodiscard]] void* data() const { return data_; }
  [[nodiscard]] size_t size() const { return size_; }  // bytes asked for, at least 1
  [[nodiscard]] PageKind kind() const { return kind_; }

  /// Brings every page in now, on the memory node of the calling thread; contents stay as they are.
  /// Owner thread.
  void touch();

 private:
  [[nodiscard]] bool map_hugetlb(size_t page, PageKind kind);
  void map_aligned();
  void map_ordinary();

  void* data_ = nullptr;
  size_t size_ = 0;
  size_t mapped_ = 0;  // size_ rounded up to whole pages
  PageKind kind_ = PageKind::ordinary;
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
  /// See PageBlock::touch().
  void touch() { block_.touch(); }

 private:
  PageBlock block_;
  uint32_t capacity_;
};

}  // namespace tapstat::flowstats
