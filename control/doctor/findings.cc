#include "control/doctor/findings.h"

#include <linux/capability.h>

#include <algorithm>

#include <fmt/format.h>

#include "control/doctor/device_findings.h"
#include "control/number_text.h"

namespace tapstat::control::doctor {
namespace {

constexpr uint64_t kOpenFilesMin = 1024;
constexpr uint64_t kLockableBytesMin = 512 * kMib;
constexpr double kDiskFreeShareMin = 0.05;
constexpr double kDiskWriteMin = 50e6;  // bytes/s: rows of 100,000 flows/s

std::string plural(size_t n, const char* what) {
  return grouped(n) + " " + what + (n == 1 ? "" : "s");
}

void examine_count(const CpuFacts& cpus, Findings& findings) {
  const std::string has =
      fmt::format("{} ({}), this process may use {}", plural(cpus.online.size(), "CPU"),
                  cpu_list_text(cpus.online), cpu_list_text(cpus.allowed));
  if (cpus.allowed.empty())
    findings.push_back(
        {Level::problem, "cpu", "allowed", has + ".", "taskset, cpuset or container"});
  else if (cpus.allowed.size() == 1)
    findings.push_back({Level::warning, "cpu", "allowed",
                        has + ": worker and writer share one CPU, and packets are lost while rows "
                              "are written.",
                        "allow two or more: taskset, cpuset or AllowedCPUs= of the unit"});
  else if (cpus.allowed.size() < cpus.online.size())
    findings.push_back({Level::note, "cpu", "allowed", has + ".", ""});
  else
    findings.push_back({Level::ok, "cpu", "allowed", has + ".", ""});
}

/// All CPUs but the first two: these are left to the kernel and to control.
CpuList workers_of(const CpuFacts& cpus) {
  if (cpus.online.size() <= 2) return {};
  return {cpus.online.begin() + 2, cpus.online.end()};
}

void examine_cpus(const CpuFacts& cpus, Findings& findings) {
  examine_count(cpus, findings);
  if (cpus.is_smt_active)
    findings.push_back({Level::note, "cpu", "smt",
                        "two CPUs share each core: a worker shares its caches with whatever runs "
                        "on the other.",
                        "echo off | sudo tee /sys/devices/system/cpu/smt/control"});
  for (const auto& [governor, which] : cpus.by_governor)
    if (governor != "performance")
      findings.push_back(
          {Level::warning, "cpu", "governor",
           fmt::format("governor {} on CPUs {}: the clock follows the load too late for bursts.",
                       governor, cpu_list_text(which)),
           "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"});
  const CpuList workers = workers_of(cpus);
  if (!cpus.isolated.empty()) {
    findings.push_back({Level::ok, "cpu", "isolated",
                        "CPUs " + cpu_list_text(cpus.isolated) + " are isolated.", ""});
  } else if (!workers.empty()) {
    findings.push_back({Level::note, "cpu", "isolated",
                        "no CPU is isolated: timers and other programs interrupt the workers.",
                        fmt::format("add isolcpus={0} nohz_full={0} rcu_nocbs={0} to the kernel's "
                                    "command line and reboot",
                                    cpu_list_text(workers))});
  }
  if (cpus.has_steady_tsc)
    findings.push_back(
        {Level::ok, "clock", "tsc", "the TSC runs at one rate, also in idle states.", ""});
  else
    findings.push_back({Level::warning, "clock", "tsc",
                        "the TSC changes its rate or stops in idle states: times of packets "
                        "drift.",
                        ""});
}

void examine_clock(const ClockFacts& clock, Findings& findings) {
  if (clock.source == "tsc" || clock.source == "kvm-clock")
    findings.push_back(
        {Level::ok, "clock", "source", "the kernel's clock is " + clock.source + ".", ""});
  else if (!clock.source.empty())
    findings.push_back({Level::warning, "clock", "source",
                        "the kernel's clock is " + clock.source +
                            ": asking for the time costs a microsecond, and the kernel may have "
                            "found the TSC unsteady (dmesg says so).",
                        ""});
  if (!clock.is_synchronised) return;
  if (*clock.is_synchronised)
    findings.push_back({Level::ok, "clock", "ntp", "the clock is synchronised.", ""});
  else
    findings.push_back({Level::warning, "clock", "ntp",
                        "no NTP or PTP daemon keeps the clock: rows of two probes cannot be "
                        "compared.",
                        "sudo timedatectl set-ntp true"});
}

void examine_memory(const Machine& machine, Findings& findings) {
  uint64_t free_pages = 0;
  for (const MemoryNode& node : machine.nodes) {
    free_pages += node.free_huge_bytes();
    for (const HugePageCount& count : node.pages) {
      if (count.total == 0) continue;
      findings.push_back(
          {Level::ok, "memory", "hugepages",
           fmt::format("NUMA node {}: {} of {} hugepages of {} are free.", node.id,
                       grouped(count.free), grouped(count.total), page_size_text(count.page_bytes)),
           ""});
    }
  }
  if (free_pages == 0)
    findings.push_back({Level::note, "memory", "hugepages",
                        "no hugepages are free: ports by PCI address need them, and with a million "
                        "flows a packet costs a quarter to a half more without.",
                        "sudo tapstat host-setup --hugepages 2G --apply"});
  if (machine.transparent_pages == "never")
    findings.push_back({Level::note, "memory", "transparent",
                        "transparent huge pages are off: tables without hugepages take 4 KiB "
                        "pages.",
                        "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"});
}

void examine_limits(const ProcessFacts& process, bool has_bound_device, Findings& findings) {
  const bool is_limited = process.lockable_bytes && *process.lockable_bytes < kLockableBytesMin &&
                          !process.has(CAP_IPC_LOCK);
  if (is_limited)
    findings.push_back({has_bound_device ? Level::problem : Level::note, "limits", "memlock",
                        mib_text(*process.lockable_bytes) +
                            " of memory may be locked: ports by PCI address lock all of theirs.",
                        "LimitMEMLOCK=infinity in the unit, or as root: ulimit -l unlimited"});
  else
    findings.push_back({Level::ok, "limits", "memlock", "memory may be locked.", ""});
  if (process.open_files && *process.open_files < kOpenFilesMin)
    findings.push_back({Level::warning, "limits", "nofile",
                        fmt::format("only {} files may be open: logs and connections share them.",
                                    *process.open_files),
                        "LimitNOFILE=65536 in the unit, or: ulimit -n 65536"});
}

void examine_disk(const DiskFacts& disk, Findings& findings) {
  if (!disk.refusal.empty()) {
    findings.push_back({Level::problem, "disk", "writable", disk.refusal, ""});
    return;
  }
  const double share =
      disk.bytes > 0 ? static_cast<double>(disk.free_bytes) / static_cast<double>(disk.bytes) : 0;
  const std::string space =
      fmt::format("\"{}\": {} of {} are free", disk.directory.string(),
                  file_size_text(disk.free_bytes), file_size_text(disk.bytes));
  if (share < kDiskFreeShareMin)
    findings.push_back({Level::warning, "disk", "space", space + ".",
                        "free some, or choose another directory with -s"});
  else
    findings.push_back({Level::ok, "disk", "space", space + ".", ""});
  if (!disk.write_bytes_per_s) return;
  const double rate = *disk.write_bytes_per_s;
  const std::string speed = file_size_text(static_cast<uint64_t>(rate)) + "/s reach the disk";
  if (rate < kDiskWriteMin)
    findings.push_back({Level::warning, "disk", "speed",
                        fmt::format("{}: rows of more than {} flows/s wait, then are lost.", speed,
                                    grouped(static_cast<uint64_t>(rate / 500))),
                        "write to a faster disk, or compress: [output.tstat] compress"});
  else
    findings.push_back({Level::ok, "disk", "speed", speed + ".", ""});
}

}  // namespace

std::string_view level_name(Level level) {
  constexpr std::string_view kNames[] = {"ok", "note", "warning", "problem"};
  return kNames[static_cast<size_t>(level)];
}

std::string mib_text(uint64_t bytes) { return grouped(bytes / kMib) + " MiB"; }

Findings examine(const Machine& machine) {
  Findings findings;
  examine_cpus(machine.cpus, findings);
  examine_clock(machine.clock, findings);
  examine_memory(machine, findings);
  examine_devices(machine, findings);
  examine_permissions(machine, findings);
  examine_limits(machine.process,
                 std::ranges::any_of(machine.devices, &NetworkDevice::is_bound_to_vfio), findings);
  if (machine.disk) examine_disk(*machine.disk, findings);
  return findings;
}

bool prevents_run(const Findings& findings) {
  return std::ranges::find(findings, Level::problem, &Finding::level) != findings.end();
}

}  // namespace tapstat::control::doctor
