/// What is said about exit records: the section [output.web100] of tapstat.toml, and -o. Control
/// thread, at start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "flowstats/base/units.h"
#include "flowstats/wire/network_list.h"

namespace tapstat::control {

/// What the file sets; an absent value was not mentioned.
struct ExitConfig {
  std::optional<bool> enabled;
  std::optional<std::filesystem::path> directory;  // relative names start at the file
  std::optional<std::string> node;
  std::optional<std::vector<std::string>> keys;
  std::optional<flowstats::NetworkList> exclude;
  std::optional<bool> per_local_address, heartbeat, in_place, incomplete, expired, unfinished,
      both_views, rtt_of_both_halves;
  std::optional<flowstats::Duration> linger, idle, half_closed_idle, rto_min, grace, flush;
  std::optional<uint64_t> size_max;  // bytes
  std::optional<uint32_t> connections, segments;
};

/// -o: which outputs there are.
struct OutputChoice {
  bool tstat = false, web100 = false;
};

}  // namespace tapstat::control
