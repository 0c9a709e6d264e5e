#include "control/full_output.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "control/config.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::check_live;
using control::plan_full_output;
using control::settle_spool;
using exporters::WhenFull;
using flowstats::ExitStatus;

/// What systemd says about the state directory, for the time of a test.
class FullOutput : public testing::Test {
 protected:
  FullOutput() { unsetenv("STATE_DIRECTORY"); }
  ~FullOutput() override { unsetenv("STATE_DIRECTORY"); }

  static auto planned(const std::string& keys) {
    const auto file = control::parse_config("[output.tstat]\n" + keys, "/etc/tapstat/tapstat.toml");
    EXPECT_TRUE(file.errors.empty()) << file.errors[0];
    return plan_full_output(file.config.full_output);
  }
};

TEST_F(FullOutput, WithoutASpoolRowsAreDropped) {
  const auto full = planned("");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->what, WhenFull::drop);
}

TEST_F(FullOutput, ANamedSpoolIsUsed) {
  const auto full = planned("spool = \"../spool\"\nspool_max = \"3MiB\"\n");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->what, WhenFull::spool);
  EXPECT_EQ(full->spool, "/etc/spool");
  EXPECT_EQ(full->spool_bytes_max, 3U << 20);
}

TEST_F(FullOutput, AServiceHasOneInItsStateDirectory) {
  setenv("STATE_DIRECTORY", "/var/lib/tapstat", 1);
  EXPECT_EQ(planned("")->what, WhenFull::spool);
  EXPECT_EQ(planned("")->spool, "/var/lib/tapstat/spool");
  EXPECT_EQ(planned("")->spool_bytes_max, uint64_t{10} << 30);
  EXPECT_EQ(planned("on_full = \"drop\"\n")->what, WhenFull::drop);
  EXPECT_EQ(planned("on_full = \"block\"\n")->what, WhenFull::block);
  EXPECT_EQ(planned("spool = \"/srv\"\n")->spool, "/srv");
}

TEST_F(FullOutput, ASpoolMustBeSomewhere) {
  const auto full = planned("on_full = \"spool\"\n");
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().status, ExitStatus::usage);
  EXPECT_EQ(full.error().sentence,
            "[output.tstat] on_full = \"spool\": name a directory on another file system with "
            "spool = \"DIR\".");
}

TEST_F(FullOutput, LivePortsDoNotWait) {
  const auto refused = check_live(*planned("on_full = \"block\"\n"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, ExitStatus::usage);
  EXPECT_TRUE(refused.error().sentence.starts_with("[output.tstat] on_full = \"block\": "));
  EXPECT_TRUE(check_live(*planned("on_full = \"drop\"\n")));
  EXPECT_TRUE(check_live(*planned("spool = \"/srv\"\n")));
}

TEST_F(FullOutput, TheSpoolMustBeAnotherFileSystem) {
  const TempDir temp;
  exporters::WriterOptions writer;
  writer.base = temp / "out";
  writer.full = {WhenFull::spool, temp / "spool", 1};
  const auto refused = settle_spool(writer);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, ExitStatus::environment);
  EXPECT_TRUE(refused.error().sentence.starts_with("the spool \"" + (temp / "spool").string() +
                                                   "\" is on the file system of the output"));
  writer.full.spool = "/dev/null/spool";
  EXPECT_FALSE(settle_spool(writer)) << "takes no files";
  EXPECT_EQ(writer.full.what, WhenFull::spool);
}

TEST_F(FullOutput, OneThatNobodyNamedIsGivenUp) {
  const TempDir temp;
  setenv("STATE_DIRECTORY", temp.path().c_str(), 1);
  exporters::WriterOptions writer;
  writer.base = temp / "out";
  writer.full = *planned("");
  ASSERT_TRUE(settle_spool(writer));
  EXPECT_EQ(writer.full.what, WhenFull::drop);
  EXPECT_TRUE(writer.full.spool.empty());
}

}  // namespace
}  // namespace tapstat::tests
