/// Where packets come from: the sections [ports.NAME] and [run] of tapstat.toml, and what is named
/// on the command line. Control thread, at start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/live_ports.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

/// What the file sets; an absent value was not mentioned.
struct PortConfig {
  std::string name;
  bool kernel = false;                // an interface of the kernel with that name, whatever it is
  std::optional<std::string> device;  // DPDK's words for a virtual device
  std::optional<uint32_t> queues;
  std::vector<int> cores;   // CPUs of the workers; empty: not mentioned
  std::string cores_text;   // as typed
  std::string cores_place;  // "tapstat.toml:4"
};

struct RunConfig {
  std::optional<uint32_t> snap_bytes;
  std::optional<std::string> user;
  bool stop_when_removed = false;  // a device that vanishes ends the run, status 6
};

/// "4-7", "0,2,4": ascending, each once; empty when it is none.
[[nodiscard]] std::vector<int> parse_cores(std::string_view text);

/// "0000:3b:00.0" or "3b:00.0".
[[nodiscard]] bool is_pci_address(std::string_view text);

/// The port that a word on the command line means: a PCI address, DPDK's words for a virtual device
/// ("net_tap0,iface=tap0"), else an interface of the kernel.
[[nodiscard]] dataplane::PortRequest port_named(const std::string& word);
[[nodiscard]] dataplane::PortRequest port_request(const PortConfig& config);

/// The ports of a run: `words`, if there are any, else those of the file. Errors:
/// ExitStatus::usage when there is none.
[[nodiscard]] flowstats::Result<std::vector<dataplane::PortRequest>> port_requests(
    const std::vector<std::string>& words, const std::vector<PortConfig>& configured);

}  // namespace tapstat::control
