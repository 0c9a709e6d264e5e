#include "dataplane/eal_messages.h"

#include <gtest/gtest.h>

namespace tapstat::dataplane {
namespace {

struct Case {
  const char* name;
  const char* said;  // lines of DPDK 22.11
  const char* told;  // part of our sentence
};

class EalFailure : public testing::TestWithParam<Case> {};

TEST_P(EalFailure, SaysWhatToDo) {
  const std::string sentence = explain_eal_failure(GetParam().said, "Some reason");
  EXPECT_TRUE(sentence.starts_with("DPDK cannot start: ")) << sentence;
  EXPECT_NE(sentence.find(GetParam().told), std::string::npos) << sentence;
  EXPECT_EQ(sentence.find("EAL:"), std::string::npos) << sentence;
  EXPECT_TRUE(sentence.ends_with('.')) << sentence;
}

constexpr Case kCases[] = {
    {"Instructions",
     "ERROR: This system does not support \"AVX2\".\nPlease check that RTE_MACHINE is set "
     "correctly.\nEAL: FATAL: unsupported cpu type.\nEAL: unsupported cpu type.\n",
     "this processor lacks instructions"},
    {"OtherProcess",
     "EAL: Cannot create lock on '/var/run/dpdk/rte/config'. Is another primary process "
     "running?\nEAL: FATAL: Cannot init config\nEAL: Cannot init config\n",
     "another DPDK program"},
    {"NoPages",
     "EAL: No free 2048 kB hugepages reported on node 0\nEAL: FATAL: Cannot get hugepage "
     "information.\nEAL: Cannot get hugepage information.\n",
     "too few hugepages are free"},
    {"PagesShort",
     "EAL: Not enough memory available on socket 1! Requested: 512MB, available: 0MB\nEAL: FATAL: "
     "Cannot init memory\nEAL: Cannot init memory\n",
     "too few hugepages are free"},
    {"MemoryShort", "EAL: eal_legacy_hugepage_init(): mmap() failed: Cannot allocate memory\n",
     "no memory for packet buffers"},
    {"VfioRefused",
     "EAL: No available 1048576 kB hugepages reported\nEAL: Cannot open VFIO container "
     "/dev/vfio/vfio, error 13 (Permission denied)\nEAL: Cannot init VFIO\n",
     "/dev/vfio could not be opened"},
    {"Group",
     "EAL: 0000:3b:00.0 VFIO group is not viable! Not all devices in IOMMU group bound to VFIO or "
     "unbound\nEAL: Requested device 0000:3b:00.0 cannot be used\n",
     "same IOMMU group"},
    {"Locking",
     "EAL: VFIO_IOMMU_TYPE1 DMA remapping failed, error 12 (Cannot allocate memory)\nEAL: "
     "Requested device 0000:3b:00.0 cannot be used\n",
     "LimitMEMLOCK=infinity"},
    {"NoIommu", "EAL: FATAL: Cannot use IOVA as 'PA' since physical addresses are not available\n",
     "intel_iommu=on"},
    {"NoCapability",
     "rte_pmd_init_internals(): net_af_packet0: could not open AF_PACKET socket:Operation not "
     "permitted\nEAL: Bus (vdev) probe failed.\nEAL: FATAL: Cannot probe devices\n",
     "CAP_NET_RAW"},
    {"Core", "EAL: lcore 9 unavailable\nEAL: invalid parameter for --lcores\n",
     "a core that was asked for"},
    {"Device", "EAL: failed to parse device \"nothing0\"\nEAL: FATAL: Cannot probe devices\n",
     "a port could not be opened"},
};

INSTANTIATE_TEST_SUITE_P(, EalFailure, testing::ValuesIn(kCases),
                         [](const auto& one) { return std::string(one.param.name); });

TEST(ExplainEalFailure, TellsWhatItDoesNotKnow) {
  EXPECT_EQ(explain_eal_failure("EAL: first\nEAL: FATAL: Something else.\n", "No reason"),
            "DPDK cannot start: Something else (No reason). -vv shows all that it says.");
  EXPECT_EQ(explain_eal_failure("", "No reason"),
            "DPDK cannot start: (No reason). -vv shows all that it says.");
}

}  // namespace
}  // namespace tapstat::dataplane
