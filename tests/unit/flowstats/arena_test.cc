#include "flowstats/base/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tapstat::flowstats {
namespace {

/// A figure of /proc/meminfo; pages for the HugePages_ lines.
size_t meminfo(const std::string& wanted) {
  std::ifstream file("/proc/meminfo");
  for (std::string name; file >> name;) {
    size_t value = 0;
    file >> value;
    if (name == wanted + ":") return value;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

/// Ordinary pages of the block that are in memory.
size_t pages_in_memory(const PageBlock& block) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> present((block.size() + page - 1) / page);
  EXPECT_EQ(mincore(block.data(), block.size(), present.data()), 0);
  size_t count = 0;
  for (const unsigned char p : present) count += p & 1;
  return count;
}

/// Restores the policy of the process.
class PageBlockTest : public testing::Test {
 protected:
  ~PageBlockTest() override { set_page_policy(PagePolicy::automatic); }
};

TEST_F(PageBlockTest, IsZeroAndHoldsWhatWasAskedFor) {
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{5000}, kHugePage - 1, kHugePage,
                             kHugePage + 1, 3 * kHugePage + 4097}) {
    PageBlock block(bytes);
    EXPECT_EQ(block.size(), bytes == 0 ? 1 : bytes);
    auto* const text = static_cast<unsigned char*>(block.data());
    EXPECT_EQ(text[0] | text[block.size() / 2] | text[block.size() - 1], 0);
    std::memset(text, 0x5a, block.size());
    EXPECT_EQ(text[block.size() - 1], 0x5a);
  }
}

TEST_F(PageBlockTest, LargeBlocksStartAtAHugePageAndAreCountedByKind) {
  for (const PagePolicy policy : {PagePolicy::automatic, PagePolicy::ordinary}) {
    set_page_policy(policy);
    const PageUse before = page_use();
    {
      const PageBlock block(2 * kHugePage + 1);
      if (policy == PagePolicy::ordinary) {
        EXPECT_EQ(block.kind(), PageKind::ordinary);
      } else {
        EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data()) % kHugePage, 0U);
      }
      const size_t more = page_use().of(block.kind()) - before.of(block.kind());
      EXPECT_GE(more, block.size());
      EXPECT_LE(more, 3 * kHugePage);
      EXPECT_EQ(page_use().total() - before.total(), more);
    }
    EXPECT_EQ(page_use().bytes, before.bytes);
  }
}

TEST_F(PageBlockTest, SmallBlocksTakeOrdinaryPages) {
  EXPECT_EQ(PageBlock(kHugePage - 1).kind(), PageKind::ordinary);
}

TEST_F(PageBlockTest, TouchBringsEveryPageInAndKeepsTheContents) {
  for (const PagePolicy policy : {PagePolicy::ordinary, PagePolicy::automatic}) {
    set_page_policy(policy);
    PageBlock block(2 * kHugePage);
    static_cast<char*>(block.data())[4097] = 'x';
    if (policy == PagePolicy::ordinary) {
      EXPECT_EQ(pages_in_memory(block), 1U);
    }
    block.touch();
    EXPECT_EQ(pages_in_memory(block), block.size() / static_cast<size_t>(sysconf(_SC_PAGESIZE)));
    EXPECT_EQ(static_cast<char*>(block.data())[4097], 'x');
    EXPECT_EQ(static_cast<char*>(block.data())[4098], 0);
  }
}

TEST_F(PageBlockTest, TransparentPagesAreClaimedOnlyWhereTheyAreOn) {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string setting;
  std::getline(file, setting);
  const bool on = !setting.empty() && setting.find("[never]") == std::string::npos;
  // More than most machines have set aside, and never touched.
  const PageBlock block(size_t{1} << 36);
  if (block.kind() == PageKind::hugetlb_1g || block.kind() == PageKind::hugetlb_2m)
    GTEST_SKIP() << "this machine has 64 GiB of hugetlb pages";
  EXPECT_EQ(block.kind(), on ? PageKind::transparent : PageKind::ordinary);
}

/// The promise that makes later faults safe: the kernel counts the pages as taken before the first
/// touch, and all of them can be touched.
TEST_F(PageBlockTest, HugetlbPagesAreSetAsideWhole) {
  constexpr size_t kPages = 4;
  // Other programs take and return pages meanwhile: one undisturbed try of several is proof.
  bool set_aside = false;
  for (int tried = 0; tried < 20 && !set_aside; ++tried) {
    if (meminfo("HugePages_Free") < meminfo("HugePages_Rsvd") + kPages)
      GTEST_SKIP() << "no free hugetlb pages: tapstat host-setup --hugepages 128M --apply";
    const size_t before = meminfo("HugePages_Rsvd");
    PageBlock block(kPages * kHugePage - 1);
    if (block.kind() != PageKind::hugetlb_2m) continue;
    set_aside = meminfo("HugePages_Rsvd") == before + kPages;
    block.touch();
    static_cast<char*>(block.data())[block.size() - 1] = 1;
  }
  EXPECT_TRUE(set_aside);
}

TEST_F(PageBlockTest, ARefusalEndsTheProcessWithItsSizeAndStatus) {
  EXPECT_EXIT(PageBlock(size_t{1} << 60), testing::ExitedWithCode(6),
              "tapstat: no memory: 1099511627776 MiB were asked for in one piece");
}

TEST(Arena, TouchesItsBlock) {
  Arena<uint64_t> arena(1000);
  arena[999] = 7;
  arena.touch();
  EXPECT_EQ(arena[999], 7U);
  EXPECT_EQ(arena[0], 0U);
  EXPECT_EQ(arena.bytes(), 8000U);
}

}  // namespace
}  // namespace tapstat::flowstats
