/// What `tapstat run` asks before DPDK starts: can every port that was asked for be opened on this
/// machine, with these cores and this much memory? Pure: wishes and facts -> sentences. Any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/doctor/machine.h"
#include "flowstats/base/result.h"

namespace tapstat::control {

struct PreflightPort {
  enum class Kind : uint8_t {
    kernel_interface,  // "eth0", through AF_PACKET
    pci,               // "0000:3b:00.0", a card that is bound to vfio-pci
    vdev,              // "net_memif0,role=server": nothing of this machine to check
  };
  std::string name;
  Kind kind = Kind::kernel_interface;
  doctor::CpuList cores;      // of its packet threads; empty: any
  std::string cores_text;     // as typed: "0-7"
  std::string cores_place;    // where: "tapstat.toml:4" or "--cores"
  uint64_t memory_bytes = 0;  // hugepages for its buffers and tables; of PCI ports only
};

struct Preflight {
  std::vector<flowstats::Error> errors;  // in the order of the ports
  std::vector<std::string> warnings;     // at most one of a kind for each port

  /// The highest of the errors; done when there are none.
  [[nodiscard]] flowstats::ExitStatus status() const;
};

/// All that is wrong, not only the first. Errors: ExitStatus::usage for cores that are not there,
/// ExitStatus::environment for everything else.
[[nodiscard]] Preflight preflight(std::span<const PreflightPort> ports,
                                  const doctor::Machine& machine);

}  // namespace tapstat::control
