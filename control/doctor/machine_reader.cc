#include "control/doctor/machine_reader.h"

#include <algorithm>
#include <sstream>

#include "control/doctor/device_reader.h"
#include "control/doctor/sys_files.h"
#include "control/text.h"

namespace tapstat::control::doctor {
namespace {

constexpr std::string_view kCpus = "/sys/devices/system/cpu";
constexpr std::string_view kNodes = "/sys/devices/system/node";
constexpr std::string_view kStatus = "/proc/self/status";

bool has_word(const std::string& words, std::string_view wanted) {
  const auto parts = split(words, ' ');
  return std::ranges::find(parts, wanted) != parts.end();
}

CpuFacts read_cpus(const SysFiles& files) {
  CpuFacts facts;
  const std::string base(kCpus);
  facts.model = files.field("/proc/cpuinfo", "model name");
  const std::string flags = files.field("/proc/cpuinfo", "flags");
  facts.has_steady_tsc = has_word(flags, "constant_tsc") && has_word(flags, "nonstop_tsc");
  facts.online = parse_cpu_list(files.text(base + "/online"));
  facts.allowed = parse_cpu_list(files.field(kStatus, "Cpus_allowed_list"));
  std::erase_if(facts.allowed, [&](int cpu) {
    return std::ranges::find(facts.online, cpu) == facts.online.end();
  });
  facts.isolated = parse_cpu_list(files.text(base + "/isolated"));
  facts.is_smt_active = files.text(base + "/smt/active") == "1";
  for (const int cpu : facts.online) {
    const std::string governor =
        files.text(base + "/cpu" + std::to_string(cpu) + "/cpufreq/scaling_governor");
    if (!governor.empty()) facts.by_governor[governor].push_back(cpu);
  }
  return facts;
}

/// "19491028 kB" -> bytes.
uint64_t kilobytes(std::string_view text) {
  return number<uint64_t>(text.substr(0, text.find(' '))).value_or(0) * 1024;
}

std::vector<HugePageCount> read_pages(const SysFiles& files, const std::string& directory) {
  constexpr std::string_view kPrefix = "hugepages-", kSuffix = "kB";
  std::vector<HugePageCount> counts;
  for (const std::string& name : files.names(directory)) {
    if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) continue;
    const auto size = number<uint64_t>(std::string_view(name).substr(
        kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size()));
    const std::string path = directory + "/" + name;
    if (size)
      counts.push_back({*size * 1024, files.number_in(path + "/nr_hugepages").value_or(0),
                        files.number_in(path + "/free_hugepages").value_or(0)});
  }
  std::ranges::sort(counts, {}, &HugePageCount::page_bytes);
  return counts;
}

std::vector<MemoryNode> read_nodes(const SysFiles& files) {
  std::vector<MemoryNode> nodes;
  for (const int id : parse_cpu_list(files.text(std::string(kNodes) + "/online"))) {
    const std::string path = std::string(kNodes) + "/node" + std::to_string(id);
    const std::string prefix = "Node " + std::to_string(id) + " ";
    MemoryNode node;
    node.id = id;
    node.cpus = parse_cpu_list(files.text(path + "/cpulist"));
    node.bytes = kilobytes(files.field(path + "/meminfo", prefix + "MemTotal"));
    node.free_bytes = kilobytes(files.field(path + "/meminfo", prefix + "MemFree"));
    node.pages_directory = path + "/hugepages";
    node.pages = read_pages(files, path + "/hugepages");
    nodes.push_back(std::move(node));
  }
  if (!nodes.empty()) return nodes;
  MemoryNode only;  // a kernel without NUMA
  only.cpus = parse_cpu_list(files.text(std::string(kCpus) + "/online"));
  only.bytes = kilobytes(files.field("/proc/meminfo", "MemTotal"));
  only.free_bytes = kilobytes(files.field("/proc/meminfo", "MemFree"));
  only.pages_directory = "/sys/kernel/mm/hugepages";
  only.pages = read_pages(files, only.pages_directory);
  return {only};
}

/// "always [madvise] never" -> "madvise".
std::string chosen(const std::string& text) {
  const size_t open = text.find('['), close = text.find(']');
  if (open == text.npos || close == text.npos || close < open) return "";
  return text.substr(open + 1, close - open - 1);
}

std::vector<std::string> huge_page_mounts(const SysFiles& files) {
  std::vector<std::string> mounts;
  for (const std::string& line : files.lines("/proc/mounts")) {
    const auto words = split(line, ' ');  // device, place, type, ...
    if (words.size() > 2 && words[2] == "hugetlbfs") mounts.emplace_back(words[1]);
  }
  return mounts;
}

std::string user_name(const SysFiles& files, uid_t uid) {
  for (const std::string& line : files.lines("/etc/passwd")) {
    const auto parts = split(line, ':');
    if (parts.size() > 2 && number<uid_t>(parts[2]) == uid) return std::string(parts[0]);
  }
  return std::to_string(uid);
}

/// The soft limit, the first number behind the name. "unlimited" is no number.
std::optional<uint64_t> limit(const SysFiles& files, std::string_view name) {
  for (const std::string& line : files.lines("/proc/self/limits")) {
    if (!line.starts_with(name)) continue;
    std::istringstream words(line.substr(name.size()));
    std::string soft;
    words >> soft;
    return number<uint64_t>(soft);
  }
  return std::nullopt;
}

ProcessFacts read_process(const SysFiles& files) {
  ProcessFacts facts;
  constexpr size_t kEffective = 1;  // of real, effective, saved, file system
  const auto numbers = [&](std::string_view key) {
    std::istringstream in(files.field(kStatus, key));
    std::vector<uint32_t> out;
    for (uint32_t n = 0; in >> n;) out.push_back(n);
    return out;
  };
  const auto uids = numbers("Uid"), gids = numbers("Gid");
  if (uids.size() > kEffective) facts.uid = uids[kEffective];
  facts.groups = numbers("Groups");
  if (gids.size() > kEffective) facts.groups.push_back(gids[kEffective]);
  facts.user = user_name(files, facts.uid);
  std::istringstream(files.field(kStatus, "CapEff")) >> std::hex >> facts.capabilities;
  facts.lockable_bytes = limit(files, "Max locked memory");
  facts.open_files = limit(files, "Max open files");
  return facts;
}

}  // namespace

Machine read_machine(const std::filesystem::path& root, const KernelAnswers& answers) {
  const SysFiles files(root);
  Machine machine;
  machine.cpus = read_cpus(files);
  machine.nodes = read_nodes(files);
  machine.transparent_pages = chosen(files.text("/sys/kernel/mm/transparent_hugepage/enabled"));
  machine.huge_page_mounts = huge_page_mounts(files);
  machine.process = read_process(files);
  machine.vfio = read_vfio(files, machine.process, answers);
  machine.devices = read_devices(files, answers);
  machine.clock.source =
      files.text("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  if (answers.is_clock_synchronised)
    machine.clock.is_synchronised = answers.is_clock_synchronised();
  return machine;
}

Machine read_machine(const std::filesystem::path& root) {
  return read_machine(root, SysFiles(root).is_this_machine() ? running_kernel() : KernelAnswers{});
}

}  // namespace tapstat::control::doctor
