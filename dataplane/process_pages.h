/// What memory this process has, and in pages of which size: decides how far a measurement can be
/// compared.
///
/// Read from /proc, which is slow: never on the packet path. Any thread.
#pragma once

#include <cstdint>
#include <optional>

namespace tapstat::dataplane {

struct ProcessPages {
  uint64_t resident = 0;     // bytes, hugetlb pages included
  uint64_t transparent = 0;  // of them in transparent huge pages
  uint64_t hugetlb = 0;      // of them in pages reserved beforehand (MAP_HUGETLB, hugetlbfs)
};

/// Zeros when the kernel does not tell.
[[nodiscard]] ProcessPages process_pages();

/// Bytes that programs can still get without swapping, hugetlb pages not among them; empty when the
/// kernel does not tell.
[[nodiscard]] std::optional<uint64_t> memory_available();

}  // namespace tapstat::dataplane
