/// The files of a machine that does not exist: two sockets of 20 CPUs, an Intel I350 with the
/// default route on node 0, an Intel X710 with its kernel driver on node 1 (group 42) and one that
/// is bound to vfio-pci (group 43). This process is user "tapstat" and has no capability.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "control/doctor/machine.h"
#include "control/doctor/machine_reader.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {

class MadeMachine {
 public:
  MadeMachine() {
    make_cpus();
    make_nodes();
    make_process();
    make_devices();
    write("/proc/mounts", "proc /proc proc rw 0 0\nnodev /dev/hugepages hugetlbfs rw 0 0\n");
    write("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    write("/dev/vfio/vfio", "");
    write("/dev/vfio/43", "");
    set_modes(std::filesystem::perms::none);
    std::filesystem::create_directories(root() / "run");
  }

  [[nodiscard]] std::filesystem::path root() const { return directory_.path(); }
  [[nodiscard]] std::filesystem::path at(const std::string& path) const {
    return root() / path.substr(1);
  }
  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::ofstream(at(path)) << text;
  }
  [[nodiscard]] std::string text(const std::string& path) const {
    std::ostringstream out;
    out << std::ifstream(at(path)).rdbuf();
    return out.str();
  }
  void link(const std::string& path, const std::string& target) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::filesystem::remove(at(path));
    std::filesystem::create_symlink(target, at(path));
  }
  [[nodiscard]] control::doctor::Machine read() const {
    return control::doctor::read_machine(root());
  }
  /// As `process` in hexadecimal digits: "0000000000002000" is CAP_NET_RAW.
  void set_capabilities(const std::string& digits) const {
    write("/proc/self/status",
          "Name:\ttapstat\nUid:\t0\t998\t0\t0\nGid:\t998\t998\t998\t998\nGroups:\t4 \nCapEff:\t" +
              digits + "\nCpus_allowed_list:\t0-39\n");
  }
  /// Of the files below /dev/vfio, which belong to whoever runs the test.
  void set_modes(std::filesystem::perms others) const {
    using std::filesystem::perms;
    for (const char* name : {"/dev/vfio/vfio", "/dev/vfio/43"})
      std::filesystem::permissions(at(name), perms::owner_read | perms::owner_write | others);
  }

  static constexpr const char* kPages =
      "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/";

 private:
  void make_cpus() const {
    const std::string base = "/sys/devices/system/cpu/";
    write(base + "online", "0-39\n");
    write(base + "isolated", "\n");
    write(base + "smt/active", "1\n");
    for (const int cpu : {0, 1, 20, 39})
      write(base + "cpu" + std::to_string(cpu) + "/cpufreq/scaling_governor",
            cpu < 20 ? "powersave\n" : "performance\n");
    write("/proc/cpuinfo",
          "processor\t: 0\nmodel name\t: Made-up 20-Core\nflags\t\t: fpu tsc constant_tsc "
          "nonstop_tsc\n\n");
  }
  void make_nodes() const {
    const std::string base = "/sys/devices/system/node/";
    write(base + "online", "0-1\n");
    for (int id = 0; id < 2; ++id) {
      const std::string node = base + "node" + std::to_string(id);
      const std::string prefix = "Node " + std::to_string(id);
      write(node + "/cpulist", id == 0 ? "0-19\n" : "20-39\n");
      write(node + "/meminfo",
            prefix + " MemTotal:       67108864 kB\n" + prefix + " MemFree:        33554432 kB\n");
      write(node + "/hugepages/hugepages-2048kB/nr_hugepages", id == 0 ? "0\n" : "300\n");
      write(node + "/hugepages/hugepages-2048kB/free_hugepages", id == 0 ? "0\n" : "256\n");
      write(node + "/hugepages/hugepages-1048576kB/nr_hugepages", "0\n");
      write(node + "/hugepages/hugepages-1048576kB/free_hugepages", "0\n");
    }
  }
  void make_process() const {
    set_capabilities("0000000000000000");
    write("/proc/self/limits",
          "Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max open files            1024                 524288               files     \n"
          "Max locked memory         8388608              8388608              bytes     \n");
    write("/etc/passwd", "root:x:0:0:root:/:/bin/sh\ntapstat:x:998:998::/:/bin/false\n");
    write("/proc/net/route",
          "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
          "br0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
          "br0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n");
  }
  void make_device(const std::string& pci, const std::string& device, const std::string& driver,
                   int node, const std::string& group) const {
    const std::string path = "/sys/devices/pci0000:00/" + pci;
    write(path + "/class", "0x020000\n");
    write(path + "/vendor", "0x8086\n");
    write(path + "/device", device + "\n");
    write(path + "/numa_node", std::to_string(node) + "\n");
    write(path + "/driver_override", "(null)\n");
    write(path + "/current_link_speed", "8.0 GT/s PCIe\n");
    write(path + "/current_link_width", "4\n");
    write(path + "/max_link_speed", "8.0 GT/s PCIe\n");
    write(path + "/max_link_width", "8\n");
    write("/sys/bus/pci/drivers/" + driver + "/unbind", "");
    link(path + "/driver", "../../../bus/pci/drivers/" + driver);
    link(path + "/iommu_group", "../../../kernel/iommu_groups/" + group);
    link("/sys/bus/pci/devices/" + pci, "../../../devices/pci0000:00/" + pci);
    link("/sys/kernel/iommu_groups/" + group + "/devices/" + pci,
         "../../../../devices/pci0000:00/" + pci);
  }
  void make_interface(const std::string& name, const std::string& pci) const {
    const std::string path = "/sys/devices/pci0000:00/" + pci + "/net/" + name;
    write(path + "/ifindex", "2\n");
    write(path + "/carrier", "1\n");
    write(path + "/speed", "10000\n");
    link(path + "/device", "../../../" + pci);
    link("/sys/class/net/" + name, "../../devices/pci0000:00/" + pci + "/net/" + name);
  }
  void make_devices() const {
    write("/sys/bus/pci/drivers_probe", "");
    make_device("0000:01:00.0", "0x1521", "igb", 0, "7");
    make_interface("eno1", "0000:01:00.0");
    make_device("0000:3b:00.0", "0x1572", "i40e", 1, "42");
    make_interface("enp59s0f0", "0000:3b:00.0");
    make_device("0000:af:00.0", "0x1572", "vfio-pci", 1, "43");
    write("/sys/class/net/br0/ifindex", "5\n");
    link("/sys/class/net/eno1/upper_br0", "../../../../virtual/net/br0");
    write("/sys/class/net/lo/ifindex", "1\n");
  }

  TempDir directory_;
};

}  // namespace tapstat::tests
