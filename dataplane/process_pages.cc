#include "dataplane/process_pages.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "dataplane/file_descriptor.h"

namespace tapstat::dataplane {

namespace {

/// Calls take(name, bytes) for every line "Name:   123 kB".
template <class Take>
void for_each_size(const char* path, Take take) {
  const FileStream file(std::fopen(path, "r"));
  char line[256];
  while (file != nullptr && std::fgets(line, sizeof line, file.get()) != nullptr) {
    char* const colon = std::strchr(line, ':');
    uint64_t kilobytes = 0;
    if (colon == nullptr || std::sscanf(colon + 1, "%" SCNu64 " kB", &kilobytes) != 1) continue;
    take(std::string_view(line, static_cast<size_t>(colon - line)), kilobytes * 1024);
  }
}

}  // namespace

ProcessPages process_pages() {
  ProcessPages pages;
  for_each_size("/proc/self/smaps_rollup", [&](std::string_view name, uint64_t bytes) {
    if (name == "Rss") pages.resident += bytes;
    if (name == "AnonHugePages") pages.transparent = bytes;
    if (name == "Private_Hugetlb" || name == "Shared_Hugetlb") pages.hugetlb += bytes;
  });
  pages.resident += pages.hugetlb;  // "Rss" leaves them out
  return pages;
}

std::optional<uint64_t> memory_available() {
  std::optional<uint64_t> available;
  for_each_size("/proc/meminfo", [&](std::string_view name, uint64_t bytes) {
    if (name == "MemAvailable") available = bytes;
  });
  return available;
}

}  // namespace tapstat::dataplane
