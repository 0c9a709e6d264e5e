/// DPDK's environment layer: started once in a process, before any pool or port.
///
/// Replay needs no hugepages, no device and no privilege: ordinary memory, no shared configuration,
/// no PCI. Control thread only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "flowstats/base/result.h"

namespace tapstat::dataplane {

/// Most lcores besides the main one (RTE_MAX_LCORE less the main lcore).
inline constexpr unsigned kWorkerLcoresMax = 127;

struct EalOptions {
  unsigned worker_lcores = 1;  // for workers and the dispatcher, 1 to kWorkerLcoresMax
  uint32_t memory_mib = 256;   // ordinary memory for pools and rings
  bool verbose = false;        // pass DPDK's own log lines on to standard error
};

/// The running environment; cleaned up with its owner, who outlives every pool and port. Lcore 0 is
/// the thread that called start_eal(), floating over all CPUs this process may use. Lcores 1 to
/// worker_lcores() are pinned to one CPU each, in turn.
class Eal {
 public:
  Eal(Eal&& other) noexcept : worker_lcores_(std::exchange(other.worker_lcores_, 0)) {}
  Eal& operator=(Eal&& other) noexcept {
    std::swap(worker_lcores_, other.worker_lcores_);
    return *this;
  }
  ~Eal();
  [[nodiscard]] unsigned worker_lcores() const { return worker_lcores_; }

 private:
  friend flowstats::Result<Eal> start_eal(const EalOptions& options);
  explicit Eal(unsigned worker_lcores) : worker_lcores_(worker_lcores) {}
  unsigned worker_lcores_ = 0;  // 0: moved from
};

/// At most once in a process, whether it succeeds or not. While it runs, standard error of the
/// whole process goes to memory (DPDK prints there before its log can be set). Errors:
/// ExitStatus::environment, with DPDK's own last line.
[[nodiscard]] flowstats::Result<Eal> start_eal(const EalOptions& options);

/// "22.11.11": of the DPDK that this binary holds.
[[nodiscard]] std::string dpdk_version();

}  // namespace tapstat::dataplane
