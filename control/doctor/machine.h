/// What there is of this machine that matters to a probe: plain values, read once
/// (machine_reader.h) and judged by pure functions (findings.h, control/preflight.h). Any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tapstat::control::doctor {

inline constexpr uint64_t kMib = 1 << 20;

/// Numbers of CPUs, ascending.
using CpuList = std::vector<int>;

struct CpuFacts {
  std::string model;
  CpuList online, allowed, isolated;           // allowed: to this process
  std::map<std::string, CpuList> by_governor;  // empty where the kernel scales no clock
  bool is_smt_active = false;                  // two CPUs or more share one core
  bool has_steady_tsc = false;                 // constant rate, also in idle states
};

/// Hugetlb pages of one size on one node.
struct HugePageCount {
  uint64_t page_bytes = 0, total = 0, free = 0;
};

struct MemoryNode {
  int id = 0;
  CpuList cpus;
  uint64_t bytes = 0, free_bytes = 0;
  std::vector<HugePageCount> pages;       // ascending by size
  std::filesystem::path pages_directory;  // below the root: .../hugepages

  [[nodiscard]] uint64_t free_huge_bytes() const {
    uint64_t sum = 0;
    for (const HugePageCount& count : pages) sum += count.free * count.page_bytes;
    return sum;
  }
};

/// A device file that has to be opened.
struct DeviceFile {
  std::string path;  // "/dev/vfio/42"
  bool may_open = false;
};

struct VfioFacts {
  bool is_iommu_on = false;
  bool has_driver = false;        // vfio-pci is in the kernel
  bool is_without_iommu = false;  // its unsafe mode
  std::vector<DeviceFile> files;  // below /dev/vfio; empty while nothing is bound
};

/// What the kernel joins before a socket sees it.
struct Offloads {
  bool gro = false, lro = false;
};

struct PcieLink {
  double gigatransfers_per_s = 0;  // each lane
  unsigned lanes = 0;              // 0: unknown
};

/// A network interface, a PCI network device, or both in one.
struct NetworkDevice {
  std::string interface;  // empty: no kernel driver made one
  std::string pci;        // "0000:3b:00.0"; empty: virtual
  std::string name;       // "Intel X710"; empty: virtual
  std::string driver;     // "i40e", "vfio-pci"; empty: none
  int node = -1;          // memory node; -1: the machine does not say
  PcieLink link, link_max;
  std::optional<bool> is_up;           // of the wire; unknown while the interface is down
  std::optional<unsigned> speed_mbps;  // of the wire
  bool has_default_route = false;      // itself or through a bond, bridge or VLAN above it
  std::optional<Offloads> offloads;
  std::string iommu_group;                 // "42"
  std::vector<std::string> group_members;  // others of its IOMMU group that a kernel driver holds

  [[nodiscard]] bool is_bound_to_vfio() const { return driver == "vfio-pci"; }
};

/// This process: who it is and what it may.
struct ProcessFacts {
  uid_t uid = 0;
  std::string user;
  std::vector<gid_t> groups;               // all of them
  uint64_t capabilities = 0;               // the effective ones, a bit each
  std::optional<uint64_t> lockable_bytes;  // empty: without limit
  std::optional<uint64_t> open_files;

  [[nodiscard]] bool has(unsigned capability) const {
    return (capabilities >> capability & 1U) != 0;
  }
};

struct ClockFacts {
  std::string source;                   // of the kernel: "tsc"
  std::optional<bool> is_synchronised;  // as an NTP or PTP daemon told the kernel
};

/// The file system of the output directory.
struct DiskFacts {
  std::filesystem::path directory;
  std::string refusal;  // why it cannot be written; empty: it can
  uint64_t bytes = 0, free_bytes = 0;
  std::optional<double> write_bytes_per_s;  // measured only when asked for
};

struct Machine {
  CpuFacts cpus;
  std::vector<MemoryNode> nodes;  // ascending
  std::string transparent_pages;  // "always", "madvise", "never"; empty: unknown
  std::vector<std::string> huge_page_mounts;
  VfioFacts vfio;
  std::vector<NetworkDevice> devices;
  ProcessFacts process;
  ClockFacts clock;
  std::optional<DiskFacts> disk;

  /// nullptr when there is none.
  [[nodiscard]] const NetworkDevice* by_interface(const std::string& name) const;
  [[nodiscard]] const NetworkDevice* by_pci(const std::string& address) const;
  [[nodiscard]] const MemoryNode* node(int id) const;
  /// The node of a CPU; -1: unknown.
  [[nodiscard]] int node_of_cpu(int cpu) const;
};

/// mlx4 and mlx5 hand packets to user space beside their kernel driver, which has to stay.
[[nodiscard]] bool shares_with_kernel(const NetworkDevice& device);

/// {0, 1, 2, 5} -> "0-2,5"; "none" when empty.
[[nodiscard]] std::string cpu_list_text(const CpuList& cpus);

/// "0-2,5" -> {0, 1, 2, 5}; what is no number is left out.
[[nodiscard]] CpuList parse_cpu_list(std::string_view text);

/// "2 MiB", "1 GiB".
[[nodiscard]] std::string page_size_text(uint64_t bytes);

/// `Intel X710, "enp59s0f0"` with what is known.
[[nodiscard]] std::string device_text(const NetworkDevice& device);

}  // namespace tapstat::control::doctor
