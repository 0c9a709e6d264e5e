/// The memory of a run: which pages it may take, whether they are touched at start, and what the
/// user is told about it.
///
/// Control thread. The pages themselves are flowstats/base/arena.h's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "flowstats/base/arena.h"
#include "flowstats/base/result.h"
#include "flowstats/measurement.h"

namespace tapstat::control {

/// [memory] hugepages
enum class HugePages : uint8_t {
  automatic,  // hugetlb pages when there are enough, else transparent ones
  required,   // every large block in hugetlb pages, or no start
  none,       // 4 KiB pages
};

/// [memory] touch: whether workers bring all their memory in before the first packet.
enum class TouchMemory : uint8_t { automatic, always, never };

struct MemorySettings {
  HugePages huge_pages = HugePages::automatic;
  TouchMemory touch = TouchMemory::automatic;
  bool flows_given = false;  // the size of the flow table was chosen, not left to the mode
};

/// Captures with fewer packets touch too little of a large table to pay for all of it.
inline constexpr uint64_t kTouchedPacketsMin = 1'000'000;
inline constexpr uint32_t kTouchedFlowsMin = 1'000'000;  // a table that counts as large

/// `packets_expected`: UINT64_MAX when the run has no end.
[[nodiscard]] bool wants_touch(const MemorySettings& settings, const flowstats::FlowLimits& limits,
                               uint64_t packets_expected);

/// What a run got.
struct MemoryUse {
  uint64_t ceiling_bytes = 0;  // pools, tables and rings of all workers, when all is in use
  flowstats::PageUse pages;
  bool touched = false;
  double touch_s = 0;  // that the first packet waited for it
};

/// After the blocks were made: whether the run may go on. Clears `use.touched` with a sentence in
/// `note` when the machine has too little memory to touch and the settings leave the choice.
/// Errors: ExitStatus::environment.
[[nodiscard]] flowstats::Result<void> check_memory(const MemorySettings& settings,
                                                   std::optional<uint64_t> available,
                                                   MemoryUse& use, std::string& note);

/// "memory  at most 812 MiB, 2 MiB pages": the plan's line, with what the pages cost and how to get
/// better ones when the tables are large.
[[nodiscard]] std::string memory_line(const MemorySettings& settings, const MemoryUse& use,
                                      const flowstats::FlowLimits& limits);

}  // namespace tapstat::control
