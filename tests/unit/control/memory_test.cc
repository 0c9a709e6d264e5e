#include "control/memory.h"

#include <gtest/gtest.h>

#include "dataplane/process_pages.h"

namespace tapstat::tests {
namespace {

using control::HugePages;
using control::MemorySettings;
using control::MemoryUse;
using control::TouchMemory;
using flowstats::ExitStatus;
using flowstats::PageKind;

constexpr uint64_t kMib = 1 << 20;

flowstats::FlowLimits limits_of(uint32_t flows) {
  flowstats::FlowLimits limits;
  limits.tcp_flows_max = flows;
  return limits;
}

/// `ceiling_mib` in pages of `kind`.
MemoryUse use_of(uint64_t ceiling_mib, PageKind kind, bool touched = false) {
  MemoryUse use;
  use.ceiling_bytes = ceiling_mib * kMib;
  use.pages.bytes[static_cast<size_t>(kind)] = ceiling_mib * kMib;
  use.touched = touched;
  return use;
}

TEST(WantsTouch, LargeTablesWithEnoughPackets) {
  const struct {
    TouchMemory touch;
    bool flows_given;
    uint32_t flows;
    uint64_t packets;
    bool wanted;
  } kCases[] = {
      {TouchMemory::automatic, false, 180'000, 50'000'000, false},  // the small default
      {TouchMemory::automatic, true, 180'000, 50'000'000, true},
      {TouchMemory::automatic, false, 1'000'000, 50'000'000, true},
      {TouchMemory::automatic, false, 1'000'000, UINT64_MAX, true},
      {TouchMemory::automatic, true, 4'000'000, 8, false},  // a small capture
      {TouchMemory::automatic, false, 999'999, 50'000'000, false},
      {TouchMemory::always, false, 10, 8, true},
      {TouchMemory::never, true, 4'000'000, 50'000'000, false},
  };
  for (const auto& c : kCases) {
    const MemorySettings settings{HugePages::automatic, c.touch, c.flows_given};
    EXPECT_EQ(control::wants_touch(settings, limits_of(c.flows), c.packets), c.wanted)
        << c.flows << " flows, " << c.packets << " packets";
  }
}

TEST(CheckMemory, TooLittleToTouchIsANoteOrAnErrorAsWasAskedFor) {
  MemorySettings settings;
  MemoryUse use = use_of(3000, PageKind::transparent, true);
  std::string note;
  EXPECT_TRUE(control::check_memory(settings, 4000 * kMib, use, note));
  EXPECT_TRUE(use.touched);
  EXPECT_EQ(note, "");
  EXPECT_TRUE(control::check_memory(settings, std::nullopt, use, note));
  EXPECT_TRUE(use.touched);

  EXPECT_TRUE(control::check_memory(settings, 1000 * kMib, use, note));
  EXPECT_FALSE(use.touched);
  EXPECT_EQ(note,
            "memory is not touched at start: 2.93 GiB are needed for flows and records, 1,000 MiB "
            "are available. The system may run out of it later.");

  settings.touch = TouchMemory::always;
  use.touched = true;
  const auto refused = control::check_memory(settings, 1000 * kMib, use, note);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, ExitStatus::environment);
  EXPECT_EQ(refused.error().sentence,
            "touch = \"always\": 2.93 GiB are needed for flows and records, 1,000 MiB are "
            "available. Give fewer --flows.");
}

TEST(CheckMemory, HugetlbPagesAreNotTakenFromTheAvailableMemory) {
  MemoryUse use = use_of(3000, PageKind::hugetlb_2m, true);
  std::string note;
  EXPECT_TRUE(control::check_memory({}, 10 * kMib, use, note));
  EXPECT_TRUE(use.touched);
}

TEST(CheckMemory, RequiredHugepagesThatAreMissingAreAnError) {
  MemorySettings settings;
  settings.huge_pages = HugePages::required;
  std::string note;
  MemoryUse use = use_of(812, PageKind::hugetlb_2m);
  use.pages.bytes[static_cast<size_t>(PageKind::ordinary)] = 100'000;  // too small to be huge
  EXPECT_TRUE(control::check_memory(settings, 1000 * kMib, use, note));
  use.pages.bytes[static_cast<size_t>(PageKind::transparent)] = 500 * kMib;
  const auto refused = control::check_memory(settings, 1000 * kMib, use, note);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, ExitStatus::environment);
  EXPECT_EQ(refused.error().sentence,
            "hugepages = \"required\": 1.28 GiB of hugepages are needed; 500 MiB are not there. "
            "Run: sudo tapstat host-setup --hugepages 1314M --apply");
}

TEST(MemoryLine, SaysWhatWasTakenAndWhatItCosts) {
  const auto small = limits_of(180'000), large = limits_of(1'000'000);
  MemorySettings settings;
  EXPECT_EQ(control::memory_line(settings, use_of(301, PageKind::transparent), small),
            "memory  at most 301 MiB, transparent huge pages");
  EXPECT_EQ(control::memory_line(settings, use_of(812, PageKind::hugetlb_2m, true), large),
            "memory  at most 812 MiB, 2 MiB pages, all touched before the first packet");
  EXPECT_EQ(control::memory_line(settings, use_of(812, PageKind::transparent), large),
            "memory  at most 812 MiB, transparent huge pages: packets of a million flows cost a "
            "quarter more than with 2 MiB pages; sudo tapstat host-setup --hugepages 812M --apply");
  EXPECT_EQ(control::memory_line(settings, use_of(812, PageKind::ordinary), large),
            "memory  at most 812 MiB, 4 KiB pages: packets of a million flows cost half as much "
            "again as with 2 MiB pages; sudo tapstat host-setup --hugepages 812M --apply");
  MemoryUse mixed = use_of(1200, PageKind::hugetlb_1g);
  mixed.pages.bytes[static_cast<size_t>(PageKind::hugetlb_2m)] = 88 * kMib;
  mixed.pages.bytes[static_cast<size_t>(PageKind::ordinary)] = 4096;
  EXPECT_EQ(control::memory_line(settings, mixed, large),
            "memory  at most 1.17 GiB, 1 GiB pages (1.17 GiB), 2 MiB pages (88.0 MiB)");
  settings.huge_pages = HugePages::none;
  EXPECT_EQ(control::memory_line(settings, use_of(812, PageKind::ordinary), large),
            "memory  at most 812 MiB, 4 KiB pages");
}

TEST(AvailableMemory, IsKnownHere) {
  const auto available = dataplane::memory_available();
  ASSERT_TRUE(available);
  EXPECT_GT(*available, kMib);
}

}  // namespace
}  // namespace tapstat::tests
