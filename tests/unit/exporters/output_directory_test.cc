#include "exporters/output_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/local_zone.h"

namespace tapstat::exporters {
namespace {

namespace fs = std::filesystem;
using flowstats::Timestamp;

constexpr Timestamp kProxyExample{1'400'110'944'199'951};  // 2014-05-14 23:42:24 UTC

TEST(DirectoryName, IsThePacketTimeInTheLocalZone) {
  {
    const tests::LocalZone utc{"UTC"};
    EXPECT_EQ(directory_name(kProxyExample, 0), "2014_05_14_23_42.out");
    EXPECT_EQ(message_time(kProxyExample), "Wed May 14 23:42:24 2014");
  }
  const tests::LocalZone rome{"CET-1CEST,M3.5.0,M10.5.0/3"};
  EXPECT_EQ(directory_name(kProxyExample, 0), "2014_05_15_01_42.out");
}

TEST(DirectoryName, RoundsTimesBefore1970Down) {
  const tests::LocalZone utc{"UTC"};
  EXPECT_EQ(directory_name(Timestamp{-1}, 0), "1969_12_31_23_59.out");
  EXPECT_EQ(message_time(Timestamp{0}), "Thu Jan  1 00:00:00 1970");
}

TEST(DirectoryName, HasTheSuffixAtTheEnd) {
  const tests::LocalZone utc{"UTC"};
  EXPECT_EQ(directory_name(kProxyExample, 2), "2014_05_14_23_42.out_2");
}

TEST(OutputDirectory, IsMadeWithItsParents) {
  const tests::LocalZone utc{"UTC"};
  const tests::TempDir temp;
  const auto path = create_output_directory(temp / "a/b", kProxyExample);
  ASSERT_TRUE(path) << path.error().sentence;
  EXPECT_EQ(*path, temp / "a/b/2014_05_14_23_42.out");
  EXPECT_TRUE(fs::is_directory(*path));
}

TEST(OutputDirectory, NeverTouchesOneThatExists) {
  const tests::LocalZone utc{"UTC"};
  const tests::TempDir temp;
  const auto first = create_output_directory(temp.path(), kProxyExample);
  ASSERT_TRUE(first);
  std::ofstream(*first / "log_tcp_complete") << "kept";
  EXPECT_EQ(create_output_directory(temp.path(), kProxyExample).value(),
            temp / "2014_05_14_23_42.out_1");
  EXPECT_EQ(create_output_directory(temp.path(), kProxyExample).value(),
            temp / "2014_05_14_23_42.out_2");
  EXPECT_EQ(fs::file_size(*first / "log_tcp_complete"), 4U);
}

TEST(OutputDirectory, SaysWhoOwnsADirectoryThatRefuses) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere; run as another user";
  const tests::TempDir temp;
  fs::create_directory(temp / "closed");
  ASSERT_EQ(chmod((temp / "closed").c_str(), 0555), 0);
  const auto refused = create_output_directory(temp / "closed", kProxyExample);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, flowstats::ExitStatus::environment);
  EXPECT_NE(refused.error().sentence.find("cannot be written by uid " + std::to_string(geteuid()) +
                                          " (owner "),
            std::string::npos)
      << refused.error().sentence;
  EXPECT_NE(refused.error().sentence.find(", mode 0555). Choose another with -s."),
            std::string::npos);
}

TEST(OutputDirectory, RefusesAPlaceBelowAFile) {
  const tests::TempDir temp;
  std::ofstream(temp / "file") << "x";
  const auto refused = create_output_directory(temp / "file/out", kProxyExample);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, flowstats::ExitStatus::environment);
  EXPECT_EQ(refused.error().sentence, "directory \"" + (temp / "file/out").string() +
                                          "\" cannot be written: Not a directory. Choose another "
                                          "with -s.");
}

}  // namespace
}  // namespace tapstat::exporters
