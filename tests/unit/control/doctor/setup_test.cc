/// Plans of host-setup, and their way to the files of a machine and back.
#include <gtest/gtest.h>

#include "control/doctor/setup_apply.h"
#include "control/doctor/setup_plan.h"
#include "tests/unit/control/doctor/made_machine.h"

namespace tapstat::tests {
namespace {

using namespace control::doctor;
using flowstats::ExitStatus;

constexpr const char* kOverride = "/sys/bus/pci/devices/0000:3b:00.0/driver_override";
constexpr const char* kUnbind = "/sys/bus/pci/drivers/i40e/unbind";
constexpr const char* kProbe = "/sys/bus/pci/drivers_probe";

SetupWishes pages(uint64_t bytes, int node) {
  SetupWishes wishes;
  wishes.hugepage_bytes = bytes;
  wishes.node = node;
  return wishes;
}

SetupWishes binding(const std::string& address, bool force = false) {
  SetupWishes wishes;
  wishes.bind = {address};
  wishes.force = force;
  return wishes;
}

SetupPlan planned(const Machine& machine, const SetupWishes& wishes) {
  auto plan = plan_setup(machine, wishes);
  if (plan) return *plan;
  ADD_FAILURE() << plan.error().sentence;
  return {};
}

flowstats::Error refused(const Machine& machine, const SetupWishes& wishes) {
  const auto plan = plan_setup(machine, wishes);
  return plan ? flowstats::Error{ExitStatus::done, "accepted"} : plan.error();
}

TEST(PlanSetup, PagesAreAddedUntilEnoughAreFree) {
  const MadeMachine made;
  const SetupPlan plan = planned(made.read(), pages(1400 * kMib, 1));
  const std::string file = std::string(MadeMachine::kPages) + "nr_hugepages";
  EXPECT_EQ(plan_lines(plan),
            (std::vector<std::string>{"# NUMA node 1: 744 hugepages of 2 MiB instead of 300, so "
                                      "that 1400 MiB are free",
                                      "echo 744 > " + file, "#   undo: echo 300 > " + file}));
  const SetupPlan enough = planned(made.read(), pages(512 * kMib, 1));
  EXPECT_TRUE(enough.steps.empty());
  EXPECT_EQ(enough.notes.size(), 1U);
}

TEST(PlanSetup, WithoutAWishEveryNodeWithACardGetsPages) {
  const MadeMachine made;
  const SetupPlan plan = planned(made.read(), {});
  ASSERT_EQ(plan.steps.size(), 2U) << "vfio-pci is there already";
  EXPECT_EQ(plan.steps[0].change.value, "1024");
  EXPECT_EQ(plan.steps[1].change.value, "1068") << "44 of node 1 are in use";
  std::filesystem::remove_all(made.at("/sys/bus/pci/drivers/vfio-pci"));
  EXPECT_EQ(planned(made.read(), {}).steps.back().program, "modprobe vfio-pci");
  Machine small = made.read();
  small.nodes[0].free_bytes = 400 * kMib;
  EXPECT_EQ(planned(small, {}).steps[0].change.value, "50") << "a quarter of what is free";
}

TEST(PlanSetup, PagesThatCannotBe) {
  const MadeMachine made;
  Machine machine = made.read();
  EXPECT_EQ(refused(machine, pages(kMib, 2)).sentence,
            "--node 2: this machine has the NUMA nodes 0-1.");
  EXPECT_EQ(refused(machine, pages(1ULL << 40, 0)).status, ExitStatus::environment);
  machine.nodes[0].pages.clear();
  EXPECT_EQ(refused(machine, pages(kMib, 0)).status, ExitStatus::environment);
}

TEST(PlanSetup, BindingACard) {
  const MadeMachine made;
  const SetupPlan plan = planned(made.read(), binding("3b:00.0"));
  ASSERT_EQ(plan.steps.size(), 3U);
  EXPECT_EQ(shell_line(plan.steps[0].change),
            "echo 0000:3b:00.0 > /sys/bus/pci/devices/0000:3b:00.0/driver/unbind");
  EXPECT_EQ(shell_line(plan.steps[1].undo), std::string("echo \"\" > ") + kOverride);
  EXPECT_TRUE(planned(made.read(), binding("0000:af:00.0")).steps.empty()) << "bound already";
  made.link("/sys/kernel/iommu_groups/42/devices/0000:01:00.0",
            "../../../../devices/pci0000:00/0000:01:00.0");
  EXPECT_EQ(planned(made.read(), binding("3b:00.0")).notes.at(0),
            "0000:01:00.0 is in the same IOMMU group 42: vfio-pci needs it as well.");
}

TEST(PlanSetup, CardsThatMustNotBeBound) {
  const MadeMachine made;
  Machine machine = made.read();
  EXPECT_EQ(refused(machine, binding("0000:01:00.0")).sentence,
            "\"eno1\" carries the default route: binding 0000:01:00.0 would cut this machine off. "
            "Add --force if you reach it another way.");
  EXPECT_EQ(refused(machine, binding("0000:01:00.0")).status, ExitStatus::environment);
  EXPECT_EQ(planned(machine, binding("0000:01:00.0", true)).steps.size(), 3U);
  EXPECT_EQ(refused(machine, binding("0000:3c:00.0")).sentence,
            "--bind \"0000:3c:00.0\": no PCI network device has this address. Did you mean "
            "\"0000:3b:00.0\"?");
  EXPECT_EQ(refused(machine, binding("eth9")).status, ExitStatus::usage);
  machine.vfio.is_iommu_on = false;
  EXPECT_NE(refused(machine, binding("3b:00.0")).sentence.find("no IOMMU"), std::string::npos);
  for (NetworkDevice& device : machine.devices) device.driver = "mlx5_core";
  EXPECT_NE(refused(machine, binding("3b:00.0")).sentence.find("must keep it"), std::string::npos);
}

TEST(ApplySetup, AndBackAgain) {
  const MadeMachine made;
  const SysFiles files(made.root());
  const std::string count = std::string(MadeMachine::kPages) + "nr_hugepages";
  SetupWishes both = pages(1400 * kMib, 1);
  both.bind = {"3b:00.0"};
  ASSERT_TRUE(apply_setup(planned(made.read(), both), files));
  EXPECT_EQ(made.text(count), "744\n");
  EXPECT_EQ(made.text(kOverride), "vfio-pci\n");
  EXPECT_EQ(made.text(kUnbind), "0000:3b:00.0\n");
  EXPECT_EQ(made.text(kProbe), "0000:3b:00.0\n");
  made.write(std::string(MadeMachine::kPages) + "free_hugepages", "700\n");
  ASSERT_TRUE(apply_setup(planned(made.read(), pages(1600 * kMib, 1)), files));
  EXPECT_EQ(made.text(count), "844\n");

  const auto writes = undo_writes(files);
  ASSERT_EQ(writes.size(), 5U);
  EXPECT_EQ(shell_line(writes[0]), "echo 744 > " + count) << "the newest change first";
  EXPECT_EQ(shell_line(writes[4]), "echo 300 > " + count);
  ASSERT_TRUE(undo_setup(files));
  EXPECT_EQ(made.text(count), "300\n");
  EXPECT_EQ(made.text(kOverride), "\n");
  EXPECT_TRUE(undo_writes(files).empty());
}

TEST(ApplySetup, WhatCannotBeWrittenIsNotNoted) {
  const MadeMachine made;
  const SysFiles files(made.root());
  const SetupPlan plan = planned(made.read(), binding("3b:00.0"));
  std::filesystem::remove(made.at(kUnbind));
  const auto done = apply_setup(plan, files);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().status, ExitStatus::environment);
  EXPECT_NE(done.error().sentence.find("driver/unbind: No such file"), std::string::npos);
  EXPECT_TRUE(undo_writes(files).empty());
}

TEST(UndoSetup, TouchesFilesOfTheKernelOnlyAndSkipsThoseThatAreGone) {
  const MadeMachine made;
  const SysFiles files(made.root());
  made.write(std::string(kUndoFile), std::string("/etc/passwd\tx\n/sys/../etc/passwd\tx\n") +
                                         kOverride + "\tmine\n/sys/gone/unbind\t1\n");
  EXPECT_EQ(undo_writes(files).size(), 2U);
  ASSERT_TRUE(undo_setup(files));
  EXPECT_EQ(made.text(kOverride), "mine\n");
  EXPECT_NE(made.text("/etc/passwd"), "x\n");
}

TEST(UndoSetup, IsRememberedUntilItWorked) {
  const MadeMachine made;
  const SysFiles files(made.root());
  made.write("/sys/folder/inside", "");
  made.write(std::string(kUndoFile), std::string(kOverride) + "\tmine\n/sys/folder\t1\n");
  EXPECT_FALSE(undo_setup(files)) << "a directory takes no value";
  EXPECT_EQ(made.text(kOverride), "mine\n") << "the others are taken back";
  EXPECT_EQ(undo_writes(files).size(), 2U);
}

}  // namespace
}  // namespace tapstat::tests
