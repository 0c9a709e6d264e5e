#include "dataplane/eal_messages.h"

#include <array>

namespace tapstat::dataplane {
namespace {

struct Translation {
  std::string_view said;      // part of one of DPDK's lines
  std::string_view sentence;  // what is wrong, and what to do
};

constexpr std::string_view kPages =
    "too few hugepages are free. \"tapstat doctor\" counts them for each NUMA node; \"sudo tapstat "
    "host-setup --hugepages 2G --apply\" reserves some.";
constexpr std::string_view kMemory =
    "the system has no memory for packet buffers. Stop other programs, or raise the limit of the "
    "address space (ulimit -v).";
constexpr std::string_view kCores =
    "a core that was asked for is not there, or this process may not use it. \"tapstat doctor\" "
    "lists those it may.";
constexpr std::string_view kVfioRefused =
    "a file below /dev/vfio could not be opened. Add the udev rule from packaging/, start through "
    "systemd, or stop the program that holds the device.";
constexpr std::string_view kDevice =
    "a port could not be opened. \"tapstat doctor\" shows the network devices and their drivers; "
    "-vv shows what DPDK says.";

/// The first that is found wins: what DPDK says about a cause stands before what follows from it.
constexpr std::array kTranslations = {
    Translation{"This system does not support \"",
                "this processor lacks instructions that DPDK was built with (x86-64-v2)."},
    Translation{"Is another primary process running?",
                "another DPDK program holds the same runtime files. Stop it first."},
    Translation{"VFIO group is not viable",
                "another device of the same IOMMU group has a kernel driver. \"tapstat doctor\" "
                "names it; bind it to vfio-pci as well."},
    Translation{"remapping failed, error 12",
                "the memory of packet buffers may not be locked. Set LimitMEMLOCK=infinity in the "
                "unit, or as root: ulimit -l unlimited."},
    Translation{"set up DMA remapping, error 12",
                "the memory of packet buffers may not be locked. Set LimitMEMLOCK=infinity in the "
                "unit, or as root: ulimit -l unlimited."},
    Translation{"Cannot open VFIO container", kVfioRefused},
    Translation{"Cannot open /dev/vfio/", kVfioRefused},
    Translation{"Failed to open VFIO group", kVfioRefused},
    Translation{"Cannot use IOVA as 'PA'",
                "a device needs an IOMMU, and there is none. Switch VT-d or AMD-Vi on, and add "
                "intel_iommu=on iommu=pt to the kernel's command line."},
    Translation{"could not open AF_PACKET socket",
                "live capture needs CAP_NET_RAW. Run: sudo setcap cap_net_raw+ep $(which "
                "tapstat)."},
    Translation{"Cannot get hugepage information", kPages},
    Translation{"Not enough memory available", kPages},
    Translation{"no mounted hugetlbfs found", kPages},
    Translation{"lcore is enabled", kCores},
    Translation{"core list, please check", kCores},
    Translation{"parameter for --lcores", kCores},
    Translation{" unavailable\n", kCores},
    Translation{"Cannot set affinity", kCores},
    Translation{"Too many lcores", kCores},
    Translation{"cannot be used\n", kDevice},
    Translation{"failed to parse device", kDevice},
    Translation{"Cannot find device", kDevice},
    Translation{"Cannot probe devices", kDevice},
    Translation{"mmap() failed", kMemory},
    Translation{"Cannot get a virtual area", kMemory},
    Translation{"Cannot preallocate VA space", kMemory},
    // Also said of 1 GiB pages when those of 2 MiB are plenty.
    Translation{"kB hugepages reported", kPages},
    Translation{"Cannot init memory", kMemory},
};

/// The last thing DPDK said, without its prefixes.
std::string_view last_line(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('.')) text.remove_suffix(1);
  text = text.substr(text.rfind('\n') + 1);
  for (const std::string_view prefix : {"EAL: ", "FATAL: "})
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return text;
}

}  // namespace

std::string explain_eal_failure(std::string_view said, std::string_view reason) {
  const std::string start = "DPDK cannot start: ";
  for (const Translation& translation : kTranslations)
    if (said.find(translation.said) != said.npos) return start + std::string(translation.sentence);
  const std::string_view line = last_line(said);
  return start + std::string(line) + (line.empty() ? "" : " ") + "(" + std::string(reason) +
         "). -vv shows all that it says.";
}

}  // namespace tapstat::dataplane
