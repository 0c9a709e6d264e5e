"""The files of a machine that does not exist, for --sysroot: two sockets, an Intel I350 with the
default route on node 0, an Intel X710 on node 1 with its kernel driver, hugepages short."""
from pathlib import Path

CARDS = (
    # PCI address, device, driver, NUMA node, interface, IOMMU group
    ("0000:01:00.0", "0x1521", "igb", 0, "eno1", "7"),
    ("0000:3b:00.0", "0x1572", "i40e", 1, "enp59s0f0", "42"),
)
PAGES = "sys/devices/system/node/node1/hugepages/hugepages-2048kB"
ROUTES = (
    "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
    "eno1\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
)
LIMITS = (
    "Limit                     Soft Limit           Hard Limit           Units\n"
    "Max open files            1024                 524288               files\n"
    "Max locked memory         8388608              8388608              bytes\n"
)


class MadeMachine:
    def __init__(self, root, capabilities="0000000000002000"):
        self.root = Path(root)
        self._make_processor()
        self._make_process(capabilities)
        for card in CARDS:
            self._make_card(*card)
        self.write("sys/bus/pci/drivers_probe", "")
        self.write("sys/bus/pci/drivers/vfio-pci/bind", "")
        (self.root / "run").mkdir()

    def write(self, path, text):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def text(self, path):
        return (self.root / path).read_text()

    def link(self, path, target):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def _make_processor(self):
        self.write("sys/devices/system/cpu/online", "0-39\n")
        self.write("sys/devices/system/cpu/smt/active", "1\n")
        self.write("sys/devices/system/node/online", "0-1\n")
        for cpu in range(0, 40, 20):
            self.write(f"sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor", "performance\n")
        for node, cpus, pages in ((0, "0-19", (0, 0)), (1, "20-39", (300, 256))):
            base = f"sys/devices/system/node/node{node}"
            self.write(f"{base}/cpulist", cpus + "\n")
            self.write(
                f"{base}/meminfo",
                f"Node {node} MemTotal: 67108864 kB\nNode {node} MemFree: 33554432 kB\n",
            )
            for name, count in zip(("nr_hugepages", "free_hugepages"), pages):
                self.write(f"{base}/hugepages/hugepages-2048kB/{name}", f"{count}\n")
        self.write(
            "proc/cpuinfo",
            "model name\t: Made-up 20-Core\nflags\t: tsc constant_tsc nonstop_tsc\n",
        )
        self.write("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n")

    def _make_process(self, capabilities):
        self.write(
            "proc/self/status",
            f"Uid:\t998\t998\t998\t998\nGid:\t998\t998\t998\t998\nCapEff:\t{capabilities}\n"
            "Cpus_allowed_list:\t0-39\n",
        )
        self.write("proc/self/limits", LIMITS)
        self.write("proc/net/route", ROUTES)
        self.write("etc/passwd", "tapstat:x:998:998::/:/bin/false\n")

    def _make_card(self, pci, device, driver, node, interface, group):
        path = f"sys/devices/pci0000:00/{pci}"
        for name, value in (
            ("class", "0x020000"),
            ("vendor", "0x8086"),
            ("device", device),
            ("numa_node", node),
            ("driver_override", "(null)"),
            ("current_link_speed", "8.0 GT/s PCIe"),
            ("current_link_width", 8),
            ("max_link_speed", "8.0 GT/s PCIe"),
            ("max_link_width", 8),
            (f"net/{interface}/ifindex", 2),
            (f"net/{interface}/carrier", 1),
            (f"net/{interface}/speed", 10000),
        ):
            self.write(f"{path}/{name}", f"{value}\n")
        self.write(f"sys/bus/pci/drivers/{driver}/unbind", "")
        self.link(f"{path}/driver", f"../../../bus/pci/drivers/{driver}")
        self.link(f"{path}/iommu_group", f"../../../kernel/iommu_groups/{group}")
        self.link(f"{path}/net/{interface}/device", f"../../../{pci}")
        self.link(f"sys/bus/pci/devices/{pci}", f"../../../devices/pci0000:00/{pci}")
        self.link(f"sys/class/net/{interface}", f"../../devices/pci0000:00/{pci}/net/{interface}")
        self.link(
            f"sys/kernel/iommu_groups/{group}/devices/{pci}",
            f"../../../../devices/pci0000:00/{pci}",
        )
