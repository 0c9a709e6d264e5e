/// DPDK's environment layer: started once in a process, before any pool or port.
///
/// Captures and kernel interfaces need no hugepages, no device and no privilege: ordinary memory,
/// no shared configuration, no PCI. Control thread only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "flowstats/base/result.h"

namespace tapstat::dataplane {

/// Most lcores besides the main one (RTE_MAX_LCORE less the main lcore).
inline constexpr unsigned kWorkerLcoresMax = 127;

struct EalOptions {
  unsigned worker_lcores = 1;         // packet threads, 1 to kWorkerLcoresMax
  std::vector<int> worker_cpus = {};  // where those are pinned first; empty: from the first CPU on
  std::vector<std::string> pci_devices = {};  // NICs to look for; empty: none
  bool huge_pages = false;    // for packet buffers; always without files left behind
  uint32_t memory_mib = 256;  // ordinary memory for pools and rings
  bool verbose = false;       // pass DPDK's own log lines on to standard error
};

/// The running environment; cleaned up with its owner, who outlives every pool and port. Lcore 0 is
/// the thread that called start_eal(), floating over spare_cpus(); threads that it makes later
/// begin there too. Lcores 1 to worker_lcores() are pinned to one CPU each, in turn. The calling
/// thread takes memory from the node of lcore 1, where there are several.
class Eal {
 public:
  Eal(Eal&& other) noexcept
      : worker_lcores_(std::exchange(other.worker_lcores_, 0)),
        spare_cpus_(std::move(other.spare_cpus_)) {}
  Eal& operator=(Eal&& other) noexcept {
    std::swap(worker_lcores_, other.worker_lcores_);
    std::swap(spare_cpus_, other.spare_cpus_);
    return *this;
  }
  ~Eal();
  [[nodiscard]] unsigned worker_lcores() const { return worker_lcores_; }
  /// The CPUs without a packet thread, for everybody else; all CPUs when there are no more than
  /// packet threads. Numbers as sched_setaffinity() counts, ascending.
  [[nodiscard]] const std::vector<int>& spare_cpus() const { return spare_cpus_; }

 private:
  friend flowstats::Result<Eal> start_eal(const EalOptions& options);
  Eal(unsigned worker_lcores, std::vector<int> spare_cpus)
      : worker_lcores_(worker_lcores), spare_cpus_(std::move(spare_cpus)) {}
  unsigned worker_lcores_ = 0;  // 0: moved from
  std::vector<int> spare_cpus_;
};

/// At most once in a process, whether it succeeds or not. While it runs, standard error of the
/// whole process goes to memory (DPDK prints there before its log can be set). Errors:
/// ExitStatus::environment, in the words of eal_messages.h.
[[nodiscard]] flowstats::Result<Eal> start_eal(const EalOptions& options);

/// What packet threads, pinned in turn from the front of `cpus`, leave over; all of `cpus` when
/// that is nothing.
[[nodiscard]] std::vector<int> spare_cpus(const std::vector<int>& cpus, unsigned packet_threads);

/// "22.11.11": of the DPDK that this binary holds.
[[nodiscard]] std::string dpdk_version();

}  // namespace tapstat::dataplane
