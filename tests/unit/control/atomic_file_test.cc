#include "control/atomic_file.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::replace_file;

std::string content(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(AtomicFile, MakesAndReplaces) {
  const TempDir directory;
  const auto path = directory / "file";
  const mode_t mask = ::umask(077);
  ASSERT_TRUE(replace_file(path, "one", 0644).has_value());
  ::umask(mask);
  EXPECT_EQ(content(path), "one");
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644U) << "whatever the umask";
  ASSERT_TRUE(replace_file(path, std::string(100'000, 'x'), 0600).has_value());
  EXPECT_EQ(content(path), std::string(100'000, 'x'));
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(AtomicFile, AReaderKeepsWhatItOpened) {
  const TempDir directory;
  const auto path = directory / "file";
  ASSERT_TRUE(replace_file(path, "old", 0600).has_value());
  std::ifstream reader(path);
  ASSERT_TRUE(replace_file(path, "new content", 0600).has_value());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(reader), {}), "old");
}

TEST(AtomicFile, AFailureLeavesEverythingAsItWas) {
  const TempDir directory;
  const auto target = directory / "target";
  std::filesystem::create_directory(target);
  for (const auto& path : {target, directory / "none" / "file"}) {
    const auto done = replace_file(path, "x", 0600);
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().status, flowstats::ExitStatus::environment);
    EXPECT_NE(done.error().sentence.find(path.string()), std::string::npos);
  }
  EXPECT_TRUE(std::filesystem::is_directory(target));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

}  // namespace
}  // namespace tapstat::tests
