#include "dataplane/eal.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <numa.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <rte_version.h>

#include "dataplane/eal_messages.h"
#include "dataplane/file_descriptor.h"

namespace tapstat::dataplane {

using flowstats::ExitStatus;
using flowstats::fail;
using flowstats::Result;

namespace {

/// One of DPDK's own threads ends the process when it finds no descriptor.
constexpr size_t kDescriptorsMin = 16;

bool are_descriptors_free(size_t count) {
  std::vector<FileDescriptor> taken;
  while (taken.size() < count) {
    taken.emplace_back(eventfd(0, EFD_CLOEXEC));
    if (!taken.back().is_open()) return false;
  }
  return true;
}

/// Collects what is written to standard error from construction to stop().
class StandardErrorCapture {
 public:
  StandardErrorCapture() : memory_(memfd_create("eal", MFD_CLOEXEC)), saved_(-1) {
    if (memory_ < 0) return;
    std::fflush(stderr);
    saved_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (saved_ >= 0) dup2(memory_, STDERR_FILENO);
  }
  StandardErrorCapture(const StandardErrorCapture&) = delete;
  StandardErrorCapture& operator=(const StandardErrorCapture&) = delete;
  ~StandardErrorCapture() {
    restore();
    if (memory_ >= 0) close(memory_);
  }

  /// Restores standard error and returns what was written.
  std::string stop() {
    restore();
    std::string text;
    char buffer[4096];
    off_t at = 0;
    while (memory_ >= 0) {
      const ssize_t n = pread(memory_, buffer, sizeof buffer, at);
      if (n <= 0) break;
      text.append(buffer, static_cast<size_t>(n));
      at += n;
    }
    return text;
  }

 private:
  void restore() {
    if (saved_ < 0) return;
    std::fflush(stderr);
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    saved_ = -1;
  }

  int memory_, saved_;
};

std::vector<int> allowed_cpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  return cpus;
}

/// Those of `first` that are there, in their order, and the others behind them.
std::vector<int> with_first(const std::vector<int>& cpus, const std::vector<int>& first) {
  std::vector<int> order;
  const auto holds = [](const std::vector<int>& list, int cpu) {
    return std::ranges::find(list, cpu) != list.end();
  };
  for (const int cpu : first)
    if (holds(cpus, cpu) && !holds(order, cpu)) order.push_back(cpu);
  for (const int cpu : cpus)
    if (!holds(order, cpu)) order.push_back(cpu);
  return order;
}

/// "0@(2,3),1@0,2@1": the main lcore floats over the spare CPUs, the others are pinned in turn.
std::string lcore_map(const std::vector<int>& cpus, const std::vector<int>& spare,
                      unsigned worker_lcores) {
  std::string map = "0@(";
  for (const int cpu : spare) map += (cpu == spare.front() ? "" : ",") + std::to_string(cpu);
  map += ")";
  for (unsigned lcore = 1; lcore <= worker_lcores; ++lcore)
    map += "," + std::to_string(lcore) + "@" + std::to_string(cpus[(lcore - 1) % cpus.size()]);
  return map;
}

/// What the calling thread touches first from now on (packet buffers, rings) comes from the memory
/// node of `cpu`, if there is a choice. Lcores that run already keep their own nodes for what they
/// touch.
void prefer_memory_of(int cpu) {
  if (numa_available() < 0 || numa_max_node() == 0) return;
  if (const int node = numa_node_of_cpu(cpu); node >= 0) numa_set_preferred(node);
}

/// DPDK's log after the start: standard error when verbose, else nowhere.
void set_log(bool verbose) {
  if (verbose) {
    rte_openlog_stream(stderr);
    return;
  }
  // Given to DPDK for the life of the process: lines may come until rte_eal_cleanup() has returned.
  if (FILE* nowhere = std::fopen("/dev/null", "we")) rte_openlog_stream(nowhere);
}

}  // namespace

Eal::~Eal() {
  if (worker_lcores_ != 0) rte_eal_cleanup();
}

Result<Eal> start_eal(const EalOptions& options) {
  if (options.worker_lcores == 0 || options.worker_lcores > kWorkerLcoresMax)
    return fail(ExitStatus::environment, "cannot start " + std::to_string(options.worker_lcores) +
                                             " packet threads: DPDK allows 1 to " +
                                             std::to_string(kWorkerLcoresMax) + ".");
  const std::vector<int> cpus = with_first(allowed_cpus(), options.worker_cpus);
  if (cpus.empty()) return fail(ExitStatus::environment, "no CPU that this process may use.");
  if (!are_descriptors_free(kDescriptorsMin))
    return fail(ExitStatus::environment, "DPDK needs " + std::to_string(kDescriptorsMin) +
                                             " file descriptors, and the limit of open files "
                                             "leaves fewer. Raise it (ulimit -n).");
  std::vector<int> spare = spare_cpus(cpus, options.worker_lcores);
  std::vector<std::string> words = {"tapstat", "--no-telemetry", "--iova-mode=va", "--lcores",
                                    lcore_map(cpus, spare, options.worker_lcores)};
  if (options.huge_pages)
    words.emplace_back("--in-memory");
  else
    words.insert(words.end(),
                 {"--no-huge", "--no-shconf", "-m", std::to_string(options.memory_mib)});
  if (options.pci_devices.empty()) words.emplace_back("--no-pci");
  for (const std::string& device : options.pci_devices) words.insert(words.end(), {"-a", device});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());

  StandardErrorCapture capture;
  rte_openlog_stream(stderr);  // and not to syslog
  const int started = rte_eal_init(static_cast<int>(arguments.size()), arguments.data());
  const int error = rte_errno;
  const std::string said = capture.stop();
  if (options.verbose) std::fputs(said.c_str(), stderr);
  if (started < 0)
    return fail(ExitStatus::environment, explain_eal_failure(said, rte_strerror(error)));
  set_log(options.verbose);
  prefer_memory_of(cpus.front());
  return Eal(options.worker_lcores, std::move(spare));
}

std::vector<int> spare_cpus(const std::vector<int>& cpus, unsigned packet_threads) {
  if (cpus.size() <= packet_threads) return cpus;
  return {cpus.begin() + static_cast<ptrdiff_t>(packet_threads), cpus.end()};
}

std::string dpdk_version() {
  return std::to_string(RTE_VER_YEAR) + "." + (RTE_VER_MONTH < 10 ? "0" : "") +
         std::to_string(RTE_VER_MONTH) + "." + std::to_string(RTE_VER_MINOR);
}

}  // namespace tapstat::dataplane
