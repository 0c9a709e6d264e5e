#include "control/doctor/doctor_command_line.h"

#include <gtest/gtest.h>

namespace tapstat::tests {
namespace {

using control::DoctorArguments;
using control::HostSetupArguments;
using Words = std::vector<std::string>;

template <class Arguments>
Arguments accepted(const Words& words) {
  const auto line = control::parse_command_line(words, "v");
  if (line) return std::get<Arguments>(*line);
  ADD_FAILURE() << line.error().sentence;
  return {};
}

std::string refused(const Words& words) {
  const auto line = control::parse_command_line(words, "v");
  if (line) return "accepted";
  EXPECT_EQ(line.error().status, flowstats::ExitStatus::usage);
  return line.error().sentence;
}

TEST(DoctorCommandLine, TakesFlags) {
  const auto plain = accepted<DoctorArguments>({"doctor"});
  EXPECT_EQ(plain.sysroot, "/");
  EXPECT_FALSE(plain.output_given || plain.disk_test || plain.json);
  const auto all = accepted<DoctorArguments>(
      {"doctor", "--json", "--disk-test", "-s", "out", "--sysroot", "copy", "-q"});
  EXPECT_TRUE(all.json && all.disk_test && all.output_given && all.out.quiet);
  EXPECT_EQ(all.output, "out");
  EXPECT_EQ(all.sysroot, "copy");
  EXPECT_EQ(refused({"doctor", "--sysroot", ""}), "--sysroot needs the name of a directory.");
  EXPECT_EQ(refused({"doctor", "-s", ""}), "an empty file name was given to a flag.");
}

TEST(HostSetupCommandLine, TakesFlags) {
  const auto a =
      accepted<HostSetupArguments>({"host-setup", "--hugepages", "1400M", "--node", "1", "--bind",
                                    "3b:00.0", "--bind", "3b:00.1", "--force", "--apply"});
  EXPECT_EQ(a.hugepage_bytes, 1400ULL << 20);
  EXPECT_EQ(a.node, 1);
  EXPECT_EQ(a.bind, (Words{"3b:00.0", "3b:00.1"}));
  EXPECT_TRUE(a.force && a.apply && !a.undo);
  EXPECT_TRUE(accepted<HostSetupArguments>({"host-setup", "--undo"}).undo);
}

TEST(HostSetupCommandLine, SaysWhatIsWrong) {
  EXPECT_EQ(refused({"host-setup", "--hugepages", "many"}),
            "--hugepages \"many\": not a size. Examples: 1400M, 2G.");
  EXPECT_EQ(refused({"host-setup", "--hugepages", "1G", "--node", "x"}),
            "--node \"x\": not a number.");
  EXPECT_EQ(refused({"host-setup", "--node", "1"}), "--node needs --hugepages.");
  EXPECT_EQ(refused({"host-setup", "--undo", "--bind", "3b:00.0"}),
            "--undo stands alone: it takes everything back.");
  EXPECT_EQ(refused({"host-setup", "--force"}), "--force needs --bind.");
  EXPECT_EQ(
      refused({"host-setup", "--aply"}),
      "unknown flag \"--aply\". Did you mean \"--apply\"? Run \"tapstat host-setup --help\".");
}

}  // namespace
}  // namespace tapstat::tests
