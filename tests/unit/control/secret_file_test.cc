#include "control/secret_file.h"

#include <sys/stat.h>

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::create_secret;
using control::read_secret;
using flowstats::ExitStatus;

class SecretFile : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& text, mode_t mode = 0400) {
    auto path = directory_ / ("secret" + std::to_string(++files_));
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }
  std::string refusal(const std::filesystem::path& path) {
    const auto line = read_secret(path, "token file");
    if (line) return "accepted";
    EXPECT_EQ(line.error().status, ExitStatus::usage);
    return line.error().sentence;
  }
  TempDir directory_;
  int files_ = 0;
};

TEST_F(SecretFile, GivesTheFirstLineAsItIs) {
  for (const char* text : {" k y \n", " k y \r\nmore\n", " k y "})
    EXPECT_EQ(read_secret(file(text), "key").value(), " k y ");
  EXPECT_EQ(read_secret(file("key\n", 0600), "key").value(), "key");
  EXPECT_EQ(read_secret(file(""), "key").value(), "");
  EXPECT_EQ(read_secret(file(std::string(10'000, 'x')), "key").value().size(),
            control::kSecretFileBytesMax);
}

TEST_F(SecretFile, RefusesWhatOthersMayUse) {
  for (const mode_t mode : {0644, 0440, 0404, 0620, 0700}) {
    const auto path = file("key\n", mode);
    char text[8];
    std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode));
    EXPECT_EQ(refusal(path), "token file \"" + path.string() + "\": its mode is " + text +
                                 ", others may use it. Run: chmod 0400 " + path.string());
  }
}

TEST_F(SecretFile, RefusesWhatIsNoFile) {
  EXPECT_EQ(refusal(directory_.path()),
            "token file \"" + directory_.path().string() + "\": it is not a regular file.");
  EXPECT_TRUE(refusal(directory_ / "missing").ends_with(": No such file or directory."));
}

TEST_F(SecretFile, CreatesOnceAndNeverOverwrites) {
  const auto path = directory_ / "new";
  ASSERT_TRUE(create_secret(path, "first"));
  struct stat facts {};
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0400U);
  const auto again = create_secret(path, "second");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().status, ExitStatus::usage);
  EXPECT_EQ(again.error().sentence, "cannot write \"" + path.string() +
                                        "\": it is there already and is not overwritten. Choose "
                                        "another name.");
  EXPECT_EQ(read_secret(path, "key").value(), "first");
  std::filesystem::create_symlink(directory_ / "elsewhere", directory_ / "link");
  EXPECT_FALSE(create_secret(directory_ / "link", "third"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "elsewhere"));
  const auto nowhere = create_secret(directory_ / "no" / "key", "x");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().status, ExitStatus::environment);
}

}  // namespace
}  // namespace tapstat::tests
