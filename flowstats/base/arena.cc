#include "flowstats/base/arena.h"

#include <sys/mman.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "flowstats/base/result.h"

namespace tapstat::flowstats {

namespace {

constexpr size_t kOrdinaryPage = 4096;
constexpr int kLogOfHugePage = 21, kLogOfGiantPage = 30;
constexpr int kReadWrite = PROT_READ | PROT_WRITE;
constexpr int kOwn = MAP_PRIVATE | MAP_ANONYMOUS;

/// The pages belong to the process, as its address space does; so does the account of them.
struct ProcessPages {
  std::atomic<PagePolicy> policy = PagePolicy::automatic;
  std::array<std::atomic<size_t>, kPageKinds> bytes{};
};

ProcessPages& process_pages() {
  static ProcessPages pages;
  return pages;
}

constexpr size_t rounded_up(size_t bytes, size_t page) { return (bytes + page - 1) / page * page; }

/// A kernel that was told "never" accepts the request for transparent huge pages and ignores it.
bool transparent_pages_on() {
  std::FILE* const file = std::fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
  if (file == nullptr) return false;
  char text[128] = {};
  const size_t length = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  return length > 0 && std::string_view(text, length).find("[never]") == std::string_view::npos;
}

[[noreturn]] void refuse(size_t bytes) {
  std::fprintf(stderr, "tapstat: no memory: %zu MiB were asked for in one piece (%s).\n",
               rounded_up(bytes, 1 << 20) >> 20, std::strerror(errno));
  std::_Exit(static_cast<int>(ExitStatus::environment));
}

}  // namespace

void set_page_policy(PagePolicy policy) { process_pages().policy = policy; }

size_t PageUse::total() const {
  size_t sum = 0;
  for (const size_t b : bytes) sum += b;
  return sum;
}

PageUse page_use() {
  PageUse use;
  for (size_t i = 0; i < kPageKinds; ++i) use.bytes[i] = process_pages().bytes[i];
  return use;
}

PageBlock::PageBlock(size_t bytes) : size_(bytes == 0 ? 1 : bytes) {
  if (size_ < kHugePage || process_pages().policy == PagePolicy::ordinary) {
    map_ordinary();
  } else {
    // A giant page is given whole or not at all: an eighth may be left over, not more.
    const bool fills_giants = rounded_up(size_, kGiantPage) - size_ <= size_ / 8;
    if (!(fills_giants && map_hugetlb(kGiantPage, PageKind::hugetlb_1g)) &&
        !map_hugetlb(kHugePage, PageKind::hugetlb_2m))
      map_aligned();
  }
  process_pages().bytes[static_cast<size_t>(kind_)] += mapped_;
}

/// Without MAP_NORESERVE the kernel sets all pages of the block aside here, or refuses here: the
/// first touch can then not end in SIGBUS.
bool PageBlock::map_hugetlb(size_t page, PageKind kind) {
  const int log = page == kGiantPage ? kLogOfGiantPage : kLogOfHugePage;
  const size_t bytes = rounded_up(size_, page);
  void* const at =
      mmap(nullptr, bytes, kReadWrite, kOwn | MAP_HUGETLB | (log << MAP_HUGE_SHIFT), -1, 0);
  if (at == MAP_FAILED) return false;
  data_ = at;
  mapped_ = bytes;
  kind_ = kind;
  return true;
}

/// Starts at a multiple of 2 MiB and is a multiple of it long, so that every page can be a huge
/// one.
void PageBlock::map_aligned() {
  mapped_ = rounded_up(size_, kHugePage);
  const size_t with_slack = mapped_ + kHugePage;
  void* const at = mmap(nullptr, with_slack, kReadWrite, kOwn | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) refuse(size_);
  char* const begin = static_cast<char*>(at);
  const size_t head =
      rounded_up(reinterpret_cast<uintptr_t>(at), kHugePage) - reinterpret_cast<uintptr_t>(at);
  if (head != 0) munmap(begin, head);
  munmap(begin + head + mapped_, kHugePage - head);
  data_ = begin + head;
  // A refusal costs speed only; the kernel then serves ordinary pages.
  if (madvise(data_, mapped_, MADV_HUGEPAGE) == 0 && transparent_pages_on())
    kind_ = PageKind::transparent;
}

void PageBlock::map_ordinary() {
  mapped_ = rounded_up(size_, kOrdinaryPage);
  data_ = mmap(nullptr, mapped_, kReadWrite, kOwn | MAP_NORESERVE, -1, 0);
  if (data_ == MAP_FAILED) refuse(size_);
  // Also where the machine is set to use huge pages unasked.
  if (mapped_ >= kHugePage) static_cast<void>(madvise(data_, mapped_, MADV_NOHUGEPAGE));
}

PageBlock::~PageBlock() {
  process_pages().bytes[static_cast<size_t>(kind_)] -= mapped_;
  munmap(data_, mapped_);
}

void PageBlock::touch() {
  if (madvise(data_, mapped_, MADV_POPULATE_WRITE) == 0) return;
  // Linux before 5.14: one write to each page; of the value that is there.
  for (size_t offset = 0; offset < mapped_; offset += kOrdinaryPage) {
    volatile char& byte = static_cast<char*>(data_)[offset];
    byte = byte;
  }
}

}  // namespace tapstat::flowstats
