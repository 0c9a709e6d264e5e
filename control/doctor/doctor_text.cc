#include "control/doctor/doctor_text.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "control/commands/text_table.h"
#include "control/json_text.h"
#include "control/number_text.h"

namespace tapstat::control::doctor {
namespace {

std::string pages_text(const MemoryNode& node) {
  std::string text;
  for (const HugePageCount& count : node.pages)
    if (count.total > 0)
      text += fmt::format(", {} hugepages of {} ({} free)", grouped(count.total),
                          page_size_text(count.page_bytes), grouped(count.free));
  return text.empty() ? ", no hugepages" : text;
}

std::string where_text(const NetworkDevice& device) {
  std::string text = device.pci.empty() ? "virtual" : device.pci + " " + device.name;
  if (!device.driver.empty()) text += ", driver " + device.driver;
  if (device.node >= 0) text += fmt::format(", NUMA node {}", device.node);
  if (device.link.lanes > 0)
    text +=
        fmt::format(", PCIe {:.1f} GT/s x{}", device.link.gigatransfers_per_s, device.link.lanes);
  if (device.is_up)
    text += !*device.is_up ? ", no signal"
            : device.speed_mbps
                ? ", " + bit_rate_text(static_cast<double>(*device.speed_mbps) * 1e6)
                : ", up";
  if (device.has_default_route) text += ", default route";
  return text;
}

size_t count(const Findings& findings, Level level) {
  return static_cast<size_t>(std::ranges::count(findings, level, &Finding::level));
}

std::string counted(size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

void write_list(JsonText& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).array();
  for (const std::string& text : texts) json.text(as_utf8(text));
  json.end_array();
}

void write_cpus(JsonText& json, const CpuFacts& cpus) {
  json.key("cpus").object();
  json.key("model").text(cpus.model);
  json.key("online").text(cpu_list_text(cpus.online));
  json.key("allowed").text(cpu_list_text(cpus.allowed));
  json.key("isolated").text(cpu_list_text(cpus.isolated));
  json.key("smt").boolean(cpus.is_smt_active);
  json.key("steady_tsc").boolean(cpus.has_steady_tsc);
  json.key("governors").object();
  for (const auto& [governor, which] : cpus.by_governor)
    json.key(governor).text(cpu_list_text(which));
  json.end_object();
  json.end_object();
}

void write_nodes(JsonText& json, const std::vector<MemoryNode>& nodes) {
  json.key("nodes").array();
  for (const MemoryNode& node : nodes) {
    json.object();
    json.key("id").number(int64_t{node.id});
    json.key("cpus").text(cpu_list_text(node.cpus));
    json.key("bytes").number(node.bytes);
    json.key("free_bytes").number(node.free_bytes);
    json.key("hugepages").array();
    for (const HugePageCount& pages : node.pages) {
      json.object();
      json.key("page_bytes").number(pages.page_bytes);
      json.key("total").number(pages.total);
      json.key("free").number(pages.free);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

void write_link(JsonText& json, std::string_view name, const PcieLink& link) {
  if (link.lanes == 0) return;
  json.key(name).object();
  json.key("gigatransfers_per_s").number(link.gigatransfers_per_s);
  json.key("lanes").number(uint64_t{link.lanes});
  json.end_object();
}

void write_device(JsonText& json, const NetworkDevice& device) {
  json.object();
  json.key("interface").text(as_utf8(device.interface));
  json.key("pci").text(device.pci);
  json.key("name").text(as_utf8(device.name));
  json.key("driver").text(device.driver);
  json.key("node").number(int64_t{device.node});
  write_link(json, "pcie", device.link);
  write_link(json, "pcie_max", device.link_max);
  if (device.is_up) json.key("signal").boolean(*device.is_up);
  if (device.speed_mbps) json.key("speed_mbps").number(uint64_t{*device.speed_mbps});
  json.key("default_route").boolean(device.has_default_route);
  if (device.offloads) {
    json.key("gro").boolean(device.offloads->gro);
    json.key("lro").boolean(device.offloads->lro);
  }
  json.key("iommu_group").text(device.iommu_group);
  write_list(json, "iommu_group_others", device.group_members);
  json.end_object();
}

void write_process(JsonText& json, const ProcessFacts& process) {
  json.key("process").object();
  json.key("user").text(as_utf8(process.user));
  json.key("capabilities").text(fmt::format("{:016x}", process.capabilities));
  if (process.lockable_bytes) json.key("lockable_bytes").number(*process.lockable_bytes);
  if (process.open_files) json.key("open_files").number(*process.open_files);
  json.end_object();
}

void write_vfio(JsonText& json, const VfioFacts& vfio) {
  json.key("vfio").object();
  json.key("iommu").boolean(vfio.is_iommu_on);
  json.key("driver").boolean(vfio.has_driver);
  json.key("without_iommu").boolean(vfio.is_without_iommu);
  json.key("files").object();
  for (const DeviceFile& file : vfio.files) json.key(file.path).boolean(file.may_open);
  json.end_object();
  json.end_object();
}

void write_disk(JsonText& json, const DiskFacts& disk) {
  json.key("disk").object();
  json.key("directory").text(as_utf8(disk.directory.string()));
  json.key("bytes").number(disk.bytes);
  json.key("free_bytes").number(disk.free_bytes);
  if (disk.write_bytes_per_s) json.key("write_bytes_per_s").number(*disk.write_bytes_per_s);
  json.end_object();
}

void write_findings(JsonText& json, const Findings& findings) {
  json.key("findings").array();
  for (const Finding& finding : findings) {
    json.object();
    json.key("level").text(level_name(finding.level));
    json.key("area").text(as_utf8(finding.area));
    json.key("id").text(finding.id);
    json.key("sentence").text(as_utf8(finding.sentence));
    json.key("repair").text(as_utf8(finding.repair));
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::vector<std::string> machine_lines(const Machine& machine) {
  TextTable table;
  table.row({"cpu", machine.cpus.model});
  for (const MemoryNode& node : machine.nodes)
    table.row(
        {fmt::format("node {}", node.id),
         fmt::format("CPUs {}, {} memory ({} free){}", cpu_list_text(node.cpus),
                     memory_text(node.bytes), memory_text(node.free_bytes), pages_text(node))});
  for (const NetworkDevice& device : machine.devices)
    if (!device.pci.empty() || device.is_up)
      table.row({device.interface.empty() ? "-" : device.interface, where_text(device)});
  std::vector<std::string> lines;
  std::istringstream text(table.str());
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> finding_lines(const Findings& findings) {
  size_t width = 0;
  for (const Finding& finding : findings) width = std::max(width, finding.area.size());
  std::vector<std::string> lines;
  for (const Finding& finding : findings) {
    lines.push_back(fmt::format("{:<8} {:<{}}  {}", level_name(finding.level), finding.area, width,
                                finding.sentence));
    if (!finding.repair.empty())
      lines.push_back(fmt::format("{:{}}repair: {}", "", 11 + width, finding.repair));
  }
  return lines;
}

std::string verdict(const Findings& findings) {
  const size_t problems = count(findings, Level::problem);
  const std::string others = counted(count(findings, Level::warning), "warning") + ", " +
                             counted(count(findings, Level::note), "note");
  if (problems == 0) return "Nothing prevents tapstat run: " + others + ".";
  return fmt::format("{} prevent{} tapstat run; {}.", counted(problems, "problem"),
                     problems == 1 ? "s" : "", others);
}

std::string doctor_json(const Machine& machine, const Findings& findings) {
  JsonText json;
  json.object();
  json.key("ready").boolean(!prevents_run(findings));
  write_findings(json, findings);
  write_cpus(json, machine.cpus);
  write_nodes(json, machine.nodes);
  json.key("transparent_huge_pages").text(machine.transparent_pages);
  write_list(json, "hugetlbfs_mounts", machine.huge_page_mounts);
  write_vfio(json, machine.vfio);
  json.key("devices").array();
  for (const NetworkDevice& device : machine.devices) write_device(json, device);
  json.end_array();
  write_process(json, machine.process);
  json.key("clock").object();
  json.key("source").text(machine.clock.source);
  if (machine.clock.is_synchronised)
    json.key("synchronised").boolean(*machine.clock.is_synchronised);
  json.end_object();
  if (machine.disk) write_disk(json, *machine.disk);
  json.end_object();
  return json.str();
}

}  // namespace tapstat::control::doctor
