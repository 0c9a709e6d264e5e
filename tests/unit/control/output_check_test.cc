#include "control/output_check.h"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::check_output;
using control::output_base;

TEST(OutputCheck, NamesTheDirectoryAsTstatDoes) {
  const TempDir directory;
  std::ofstream(directory / "x.pcap") << "x";
  EXPECT_EQ(output_base(std::nullopt, directory / "x.pcap"), directory / "x.pcap.out");
  EXPECT_EQ(output_base(directory / "out", directory / "x.pcap"), directory / "out");
  EXPECT_EQ(output_base(directory / "x.pcap", directory / "y"), directory / "x.pcap.out");
  EXPECT_EQ(output_base("out/", "x"), "out/");
}

TEST(OutputCheck, CreatesNothing) {
  const TempDir directory;
  EXPECT_TRUE(check_output(directory / "a/b/c").has_value());
  EXPECT_TRUE(check_output("relative/and/missing").has_value());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(OutputCheck, AFileOnTheWayIsAnError) {
  const TempDir directory;
  std::ofstream(directory / "file") << "x";
  for (const char* below : {"file", "file/a"}) {
    const auto checked = check_output(directory / below);
    ASSERT_FALSE(checked.has_value()) << below;
    EXPECT_EQ(checked.error().status, flowstats::ExitStatus::environment);
    EXPECT_TRUE(checked.error().sentence.ends_with(" Choose another with -s."))
        << checked.error().sentence;
  }
}

}  // namespace
}  // namespace tapstat::tests
