#include "control/file_watch.h"

#include <fstream>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using control::FileWatch;
using control::FileWatchTimes;
using std::chrono::milliseconds;

/// Long enough that the poll never helps, unless a test is about it.
constexpr FileWatchTimes kEventsOnly{milliseconds{40}, milliseconds{60'000}};
constexpr FileWatchTimes kFastPoll{milliseconds{20}, milliseconds{50}};

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

class FileWatchTest : public testing::Test {
 protected:
  void watch(const std::filesystem::path& file, FileWatchTimes times = kEventsOnly) {
    auto made = FileWatch::create(
        io_, file, [this] { ++calls_; }, times);
    ASSERT_TRUE(made) << made.error().sentence;
    watch_ = std::move(*made);
  }
  /// Calls within `time`; returns early, a quiet time later, once there was one.
  int calls_within(milliseconds time) {
    calls_ = 0;
    const auto deadline = std::chrono::steady_clock::now() + time;
    while (calls_ == 0 && std::chrono::steady_clock::now() < deadline) io_.run_one_until(deadline);
    io_.run_for(milliseconds{100});
    return calls_;
  }
  int calls() { return calls_within(milliseconds{3'000}); }
  int no_calls() { return calls_within(milliseconds{150}); }

  const TempDir dir_;
  const std::filesystem::path file_ = dir_ / "runtime.conf";
  boost::asio::io_context io_;
  int calls_ = 0;
  std::unique_ptr<FileWatch> watch_;
};

TEST_F(FileWatchTest, RewrittenInPlace) {
  write(file_, "1");
  watch(file_);
  EXPECT_EQ(no_calls(), 0);
  write(file_, "2");
  EXPECT_EQ(calls(), 1);
  write(file_, "2");  // the same bytes again
  EXPECT_EQ(calls(), 1);
}

TEST_F(FileWatchTest, ReplacedByRename) {
  write(file_, "1");
  watch(file_);
  for (int i = 0; i < 3; ++i) {
    write(dir_ / "runtime.conf.new", std::to_string(i));
    std::filesystem::rename(dir_ / "runtime.conf.new", file_);
    EXPECT_EQ(calls(), 1);
  }
}

TEST_F(FileWatchTest, DeletedAndMadeAgain) {
  write(file_, "1");
  watch(file_);
  std::filesystem::remove(file_);
  EXPECT_EQ(calls(), 1);
  write(file_, "2");
  EXPECT_EQ(calls(), 1);
  std::filesystem::rename(file_, dir_ / "runtime.conf~");  // an editor's backup, then a new file
  write(file_, "3");
  EXPECT_EQ(calls(), 1);
}

TEST_F(FileWatchTest, OtherFilesDoNotCount) {
  write(file_, "1");
  watch(file_);
  write(dir_ / "runtime.conf.swp", "x");
  write(dir_ / "other", "x");
  std::filesystem::remove(dir_ / "other");
  std::filesystem::create_directory(dir_ / "runtime.confs");
  EXPECT_EQ(no_calls(), 0);
}

TEST_F(FileWatchTest, AFileThatIsOnlyReadIsQuiet) {
  write(file_, "1");
  watch(file_);
  std::string text;
  std::ifstream(file_) >> text;
  EXPECT_EQ(no_calls(), 0);
}

TEST_F(FileWatchTest, AFileBeingWrittenWaitsForItsEnd) {
  write(file_, "1");
  watch(file_);
  std::ofstream writer(file_);
  writer << "half" << std::flush;
  EXPECT_EQ(no_calls(), 0);
  writer.close();
  EXPECT_EQ(calls(), 1);
}

TEST_F(FileWatchTest, AChatteringWriterIsOneCall) {
  write(file_, "1");
  watch(file_, {milliseconds{200}, milliseconds{60'000}});
  for (int i = 0; i < 20; ++i) {
    write(file_, std::to_string(i));
    io_.run_for(milliseconds{10});
  }
  EXPECT_EQ(calls_, 0);
  EXPECT_EQ(calls(), 1);
}

TEST_F(FileWatchTest, AFileThatIsNotThereYet) {
  watch(file_);
  write(file_, "1");
  EXPECT_EQ(calls(), 1);
}

TEST_F(FileWatchTest, AHardLinkIsComplete) {
  watch(file_);
  write(dir_ / "other", "1");
  std::filesystem::create_hard_link(dir_ / "other", file_);
  EXPECT_EQ(calls(), 1);
}

TEST_F(FileWatchTest, TheTargetOfALinkCounts) {
  const auto elsewhere = dir_ / "elsewhere";
  std::filesystem::create_directory(elsewhere);
  write(elsewhere / "real.conf", "1");
  write(elsewhere / "next.conf", "2");
  std::filesystem::create_symlink(elsewhere / "real.conf", file_);
  watch(file_);
  write(elsewhere / "real.conf", "3");
  EXPECT_EQ(calls(), 1);
  std::filesystem::create_symlink(elsewhere / "next.conf", dir_ / "link");
  std::filesystem::rename(dir_ / "link", file_);  // turned round
  EXPECT_EQ(calls(), 1);
  write(elsewhere / "next.conf", "4");
  EXPECT_EQ(calls(), 1);
  write(elsewhere / "real.conf", "5");
  EXPECT_EQ(no_calls(), 0);
}

TEST_F(FileWatchTest, TheDirectoryIsDeletedAndMadeAgain) {
  const auto folder = dir_ / "etc";
  std::filesystem::create_directory(folder);
  write(folder / "runtime.conf", "1");
  watch(folder / "runtime.conf", kFastPoll);
  std::filesystem::remove_all(folder);
  EXPECT_GE(calls(), 1);
  std::filesystem::create_directory(folder);
  io_.run_for(milliseconds{120});  // the poll finds it
  write(folder / "runtime.conf", "2");
  EXPECT_GE(calls(), 1);
  std::filesystem::rename(folder, dir_ / "old");
  std::filesystem::create_directory(folder);
  write(folder / "runtime.conf", "three");
  EXPECT_GE(calls(), 1);
  write(dir_ / "old" / "runtime.conf", "four");
  EXPECT_EQ(no_calls(), 0);
}

TEST_F(FileWatchTest, ThePollSeesWhatNoEventTold) {
  // The link leads through a directory that is itself turned round: no watched name changes.
  const auto first = dir_ / "first", second = dir_ / "second";
  for (const auto& folder : {first, second}) {
    std::filesystem::create_directory(folder);
    write(folder / "runtime.conf", folder.filename());
  }
  std::filesystem::create_directory_symlink(first, dir_ / "data");
  const auto home = dir_ / "home";
  std::filesystem::create_directory(home);
  std::filesystem::create_symlink(dir_ / "data" / "runtime.conf", home / "runtime.conf");
  watch(home / "runtime.conf", kFastPoll);
  EXPECT_EQ(no_calls(), 0);
  std::filesystem::create_directory_symlink(second, dir_ / "data.new");
  std::filesystem::rename(dir_ / "data.new", dir_ / "data");
  EXPECT_EQ(calls(), 1);
}

TEST_F(FileWatchTest, ANameWithoutDirectoryIsInTheCurrentOne) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  watch("runtime.conf");
  write(file_, "1");
  EXPECT_EQ(calls(), 1);
  std::filesystem::current_path(before);
}

TEST_F(FileWatchTest, AfterItsEndNobodyIsCalled) {
  write(file_, "1");
  watch(file_);
  write(file_, "2");
  io_.run_for(milliseconds{10});  // the event was read, the call is pending
  watch_.reset();
  EXPECT_EQ(no_calls(), 0);
}

TEST_F(FileWatchTest, ADirectoryThatIsNotThereIsAnError) {
  const auto made = FileWatch::create(io_, dir_ / "missing" / "runtime.conf", [] {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().status, flowstats::ExitStatus::environment);
  EXPECT_NE(made.error().sentence.find("runtime.conf"), std::string::npos);
}

}  // namespace
}  // namespace tapstat::tests
