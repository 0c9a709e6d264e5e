#include "control/samples/sample_files.h"

#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "control/samples/sample_text.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

namespace fs = std::filesystem;
using control::write_sample_files;
using flowstats::ExitStatus;

std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(SampleFiles, WritesAllIntoANewDirectory) {
  const TempDir base;
  const fs::path directory = base.path() / "www" / "Sample";
  const auto done = write_sample_files(directory, false);
  ASSERT_TRUE(done) << done.error().sentence;
  EXPECT_EQ(done->written, 12U);
  EXPECT_EQ(done->kept, 0U);
  for (const size_t bytes : control::kSampleBytes)
    EXPECT_EQ(content(directory / control::sample_name(bytes)), control::sample_text(bytes));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory), {}), 12) << "nothing else";
}

TEST(SampleFiles, KeepsWhatIsThereAlready) {
  const TempDir base;
  ASSERT_TRUE(write_sample_files(base.path(), false));
  fs::remove(base.path() / "512.txt");
  const auto again = write_sample_files(base.path(), false);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->written, 1U);
  EXPECT_EQ(again->kept, 11U);
}

TEST(SampleFiles, OtherContentIsReplacedOnlyWhenTold) {
  const TempDir base;
  for (const std::string& other : {std::string("mine"), std::string(4096, 'x')}) {
    std::ofstream(base.path() / "4096.txt") << other;
    const auto refused = write_sample_files(base.path(), false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, ExitStatus::usage);
    EXPECT_NE(refused.error().sentence.find("4096.txt\" is there"), std::string::npos);
    EXPECT_EQ(content(base.path() / "4096.txt"), other);
    EXPECT_FALSE(fs::exists(base.path() / "512.txt")) << "nothing was written";
  }
  ASSERT_TRUE(write_sample_files(base.path(), true));
  EXPECT_EQ(content(base.path() / "4096.txt"), control::sample_text(4096));
}

TEST(SampleFiles, LinksAreOtherContent) {
  const TempDir base;
  std::ofstream(base.path() / "elsewhere") << control::sample_text(512);
  fs::create_symlink(base.path() / "elsewhere", base.path() / "512.txt");
  EXPECT_FALSE(write_sample_files(base.path(), false));
  ASSERT_TRUE(write_sample_files(base.path(), true));
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(base.path() / "512.txt")));
}

TEST(SampleFiles, DirectoriesThatCannotBe) {
  const TempDir base;
  std::ofstream(base.path() / "file") << "x";
  const auto under_a_file = write_sample_files(base.path() / "file" / "Sample", false);
  ASSERT_FALSE(under_a_file);
  EXPECT_EQ(under_a_file.error().status, ExitStatus::environment);
  fs::create_directory(base.path() / "1024.txt");
  const auto in_the_way = write_sample_files(base.path(), true);
  ASSERT_FALSE(in_the_way);
  EXPECT_EQ(in_the_way.error().status, ExitStatus::environment);
}

}  // namespace
}  // namespace tapstat::tests
