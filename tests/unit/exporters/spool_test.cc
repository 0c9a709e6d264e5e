#include "exporters/spool.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/file_size_limit.h"

namespace tapstat::exporters {
namespace {

namespace fs = std::filesystem;
using tests::read_text;

SpoolOptions options_in(const tests::TempDir& temp) {
  SpoolOptions options;
  options.root = temp.path();
  options.suffix = ".log";
  options.whole = whole_lines(1);
  return options;
}

struct SpoolCase {
  explicit SpoolCase(SpoolOptions options) : spool(std::move(options)) {
    EXPECT_TRUE(spool.open());
  }
  std::unique_ptr<SpoolFile> create() { return spool.create("day/node", "h_ALL", "K\n"); }
  Spool spool;
};

size_t files_in(const fs::path& directory) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}));
}

void put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

TEST(Spool, AFileAppearsWhenItIsFinished) {
  const tests::TempDir temp;
  SpoolCase c{options_in(temp)};
  const auto file = c.create();
  EXPECT_EQ(file->path(), temp / ".spool/h_ALL0.log.part");
  file->append("one\n");
  EXPECT_EQ(file->flush().rows_written, 1U);
  EXPECT_EQ(file->append("two\n").rows_written, 0U);  // in the buffer
  EXPECT_EQ(file->bytes(), 10U);
  EXPECT_FALSE(fs::exists(temp / "day"));
  const Published done = c.spool.publish(*file);
  EXPECT_EQ(done.error, 0);
  EXPECT_EQ(done.last.rows_written, 1U);
  EXPECT_EQ(done.path, temp / "day/node/h_ALL0.log");
  EXPECT_EQ(read_text(done.path), "K\none\ntwo\n");
  EXPECT_FALSE(fs::exists(temp / ".spool/h_ALL0.log.part"));
}

TEST(Spool, TheCounterPassesWhatIsPublishedAndWhatIsSpooled) {
  const tests::TempDir temp;
  SpoolCase c{options_in(temp)};
  put(temp / "day/node/h_ALL0.log", "old");
  const auto first = c.create(), second = c.create();
  EXPECT_EQ(first->path().filename(), "h_ALL1.log.part");
  EXPECT_EQ(second->path().filename(), "h_ALL2.log.part");
  c.spool.publish(*second);
  EXPECT_EQ(c.create()->path().filename(), "h_ALL3.log.part");
  EXPECT_EQ(read_text(temp / "day/node/h_ALL0.log"), "old");
}

TEST(Spool, GoesOnWhenItsDirectoryWasRemoved) {
  for (const bool in_place : {false, true}) {
    const tests::TempDir temp;
    SpoolOptions options = options_in(temp);
    options.in_place = in_place;
    SpoolCase c{options};
    const auto file = c.create();
    file->append("one\n");
    file->flush();
    fs::remove_all(temp.path());
    file->append("two\n");
    const WriteResult lost = file->flush();
    EXPECT_EQ(lost.error, ENOENT);
    EXPECT_EQ(lost.rows_lost, 1U);
    file->append("three\n");
    EXPECT_EQ(file->flush().rows_written, 1U);
    const Published done = c.spool.publish(*file);
    EXPECT_EQ(done.error, 0);
    EXPECT_EQ(read_text(done.path), "K\nthree\n");
    Spool second{options};
    EXPECT_FALSE(second.open()) << "the spool is still ours";
  }
}

TEST(Spool, AFileThatCameBetweenIsNotReplaced) {
  const tests::TempDir temp;
  SpoolCase c{options_in(temp)};
  const auto file = c.create();
  put(temp / "day/node/h_ALL0.log", "another's");
  put(temp / "day/node/h_ALL1.log", "another's");
  EXPECT_EQ(c.spool.publish(*file).path, temp / "day/node/h_ALL2.log");
  EXPECT_EQ(read_text(temp / "day/node/h_ALL0.log"), "another's");
}

TEST(Spool, WhatCannotBeMovedStaysAndComesWithTheNextStart) {
  const tests::TempDir temp;
  put(temp / "day", "a file where a directory shall be");
  {
    SpoolCase c{options_in(temp)};
    const auto file = c.create();
    file->append("one\n");
    const Published failed = c.spool.publish(*file);
    EXPECT_EQ(failed.error, ENOTDIR);
    EXPECT_EQ(failed.path, temp / ".spool/h_ALL0.log.part");
  }
  fs::remove(temp / "day");
  SpoolCase next{options_in(temp)};
  const auto left = next.spool.recover([](std::string_view) { return "day/node"; });
  ASSERT_EQ(left.size(), 1U);
  EXPECT_TRUE(left[0].published);
  EXPECT_EQ(left[0].bytes_cut, 0U);
  EXPECT_EQ(read_text(temp / "day/node/h_ALL0.log"), "K\none\n");
}

TEST(Spool, RecoveryCutsATornLineAndDropsWhatHoldsNone) {
  const tests::TempDir temp;
  put(temp / ".spool/h_ALL0.log.part", "K\none\ntw");
  put(temp / ".spool/h_ALL1.log.part", "K\n");
  put(temp / ".spool/h_ALL2.log.part", "K\non");
  put(temp / ".spool/h_ALL3.log.part", "");
  put(temp / ".spool/foreign.log.part", "K\none\n");
  put(temp / ".spool/h_ALL0.tra.part", "K\none\n");
  put(temp / "day/node/h_ALL0.log", "published before");
  SpoolCase c{options_in(temp)};
  const auto left = c.spool.recover(
      [](std::string_view name) { return name[0] == 'h' ? fs::path{"day/node"} : fs::path{}; });
  ASSERT_EQ(left.size(), 4U);
  EXPECT_TRUE(left[0].published);
  EXPECT_EQ(left[0].bytes_cut, 2U);
  EXPECT_EQ(left[0].path, temp / "day/node/h_ALL1.log");
  EXPECT_EQ(read_text(left[0].path), "K\none\n");
  EXPECT_EQ(read_text(temp / "day/node/h_ALL0.log"), "published before");
  for (size_t i = 1; i < 4; ++i) EXPECT_FALSE(left[i].published || fs::exists(left[i].path));
  EXPECT_EQ(files_in(temp / "day/node"), 2U);
  EXPECT_TRUE(fs::exists(temp / ".spool/foreign.log.part"));
  EXPECT_TRUE(fs::exists(temp / ".spool/h_ALL0.tra.part"));
}

TEST(Spool, RecoveryFindsTheLastLineEndOfALongFile) {
  const tests::TempDir temp;
  const std::string whole = "K\n" + std::string(70'000, 'a') + "\nb\n";
  put(temp / ".spool/h_ALL0.log.part", whole + std::string(140'000, 'c'));
  SpoolCase c{options_in(temp)};
  const auto left = c.spool.recover([](std::string_view) { return "day"; });
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].bytes_cut, 140'000U);
  EXPECT_EQ(read_text(temp / "day/h_ALL0.log"), whole);
}

TEST(Spool, TheOwnerSaysWhatIsWhole) {
  const tests::TempDir temp;
  put(temp / ".spool/h0.log.part", "abcdefgh");
  SpoolOptions options = options_in(temp);
  options.whole = [](int, uint64_t bytes) { return bytes / 3 * 3; };
  SpoolCase c{std::move(options)};
  const auto left = c.spool.recover([](std::string_view) { return "day"; });
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(read_text(temp / "day/h0.log"), "abcdef");
}

TEST(Spool, OneProcessWritesToADirectory) {
  const tests::TempDir temp;
  const SpoolCase first{options_in(temp)};
  Spool second{options_in(temp)};
  const auto refused = second.open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().status, flowstats::ExitStatus::environment);
  EXPECT_NE(refused.error().sentence.find("another tapstat"), std::string::npos);
  SpoolOptions other = options_in(temp);
  other.suffix = ".tra";
  EXPECT_TRUE(Spool{other}.open());
}

TEST(Spool, ADirectoryThatCannotBeWrittenIsRefused) {
  const tests::TempDir temp;
  put(temp / "file", "");
  SpoolOptions options = options_in(temp);
  options.root = temp / "file";
  const auto refused = Spool{options}.open();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find((temp / "file").string()), std::string::npos);
}

TEST(Spool, ManyFilesNeedFewDescriptors) {
  const tests::TempDir temp;
  SpoolOptions options = options_in(temp);
  options.open_files_max = 5;
  SpoolCase c{std::move(options)};
  const size_t before = files_in("/proc/self/fd");
  std::vector<std::unique_ptr<SpoolFile>> files;
  for (int i = 0; i < 40; ++i) files.push_back(c.create());
  for (int round = 0; round < 3; ++round) {
    for (const auto& file : files) {
      file->append("row\n");
      EXPECT_EQ(file->flush().rows_written, 1U);
    }
    EXPECT_LE(files_in("/proc/self/fd"), before + 5);
  }
  for (const auto& file : files) EXPECT_EQ(c.spool.publish(*file).error, 0);
  EXPECT_EQ(files_in("/proc/self/fd"), before);
  for (const auto& entry : fs::directory_iterator{temp / "day/node"})
    EXPECT_EQ(read_text(entry.path()), "K\nrow\nrow\nrow\n");
}

TEST(Spool, AFullDiskCostsRowsAndNeverTearsOne) {
  const tests::TempDir temp;
  SpoolCase c{options_in(temp)};
  const auto file = c.create();
  {
    const tests::FileSizeLimit full{8};
    file->append("one\n");
    file->append("two\n");
    const WriteResult cut = file->flush();
    EXPECT_EQ(cut.error, EFBIG);
    EXPECT_EQ(cut.rows_written, 1U);
    EXPECT_EQ(cut.rows_lost, 1U);
  }
  file->append("three\n");
  EXPECT_EQ(c.spool.publish(*file).last.rows_written, 1U);
  EXPECT_EQ(read_text(temp / "day/node/h_ALL0.log"), "K\none\nthree\n");
}

TEST(Spool, AFullBufferIsWritten) {
  const tests::TempDir temp;
  SpoolOptions options = options_in(temp);
  options.buffer_bytes = 8;
  SpoolCase c{std::move(options)};
  const auto file = c.create();
  EXPECT_EQ(file->append("one\n").rows_written, 0U);
  EXPECT_EQ(file->append("two\n").rows_written, 2U);
  EXPECT_EQ(file->buffered(), 0U);
}

TEST(Spool, InPlaceAFileGrowsUnderItsName) {
  const tests::TempDir temp;
  SpoolOptions options = options_in(temp);
  options.in_place = true;
  put(temp / "day/node/h_ALL0.log", "old");
  SpoolCase c{std::move(options)};
  const auto file = c.create();
  file->append("one\n");
  file->flush();
  EXPECT_EQ(read_text(temp / "day/node/h_ALL1.log"), "K\none\n");
  EXPECT_EQ(c.spool.publish(*file).path, temp / "day/node/h_ALL1.log");
  EXPECT_EQ(read_text(temp / "day/node/h_ALL0.log"), "old");
}

}  // namespace
}  // namespace tapstat::exporters
