#include "flowstats/base/arena.h"

#include <sys/mman.h>

namespace tapstat::flowstats {

namespace {
constexpr size_t kHugePage = size_t{2} << 20;
}

PageBlock::PageBlock(size_t bytes) : size_(bytes == 0 ? 1 : bytes) {
  data_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
               -1, 0);
  TAPSTAT_ASSERT(data_ != MAP_FAILED);
  // A refusal costs speed only; the kernel then serves ordinary pages.
  if (size_ >= kHugePage) static_cast<void>(madvise(data_, size_, MADV_HUGEPAGE));
}

PageBlock::~PageBlock() { munmap(data_, size_); }

}  // namespace tapstat::flowstats
