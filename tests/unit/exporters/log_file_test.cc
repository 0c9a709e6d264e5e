#include "exporters/log_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/file_size_limit.h"

namespace tapstat::exporters {
namespace {

namespace fs = std::filesystem;

TEST(LogFile, BeginsWithItsHeaderEvenWithoutRows) {
  const tests::TempDir temp;
  LogFile file{temp / "log", "#00#\n"};
  EXPECT_FALSE(file.exists());
  EXPECT_EQ(file.write({}).bytes, 5U);
  EXPECT_TRUE(file.exists());
  EXPECT_EQ(file.close(), 0);
  EXPECT_EQ(tests::read_text(temp / "log"), "#00#\n");
}

TEST(LogFile, WritesBlocksInOrder) {
  const tests::TempDir temp;
  LogFile file{temp / "log", "#00#\n"};
  const WriteResult first = file.write({"a\nb\n", 2, true});
  EXPECT_EQ(first.rows_written, 2U);
  EXPECT_EQ(first.bytes, 9U);
  EXPECT_EQ(file.write({"c\n", 1, true}).bytes, 2U);
  EXPECT_EQ(file.close(), 0);
  EXPECT_EQ(file.close(), 0);
  EXPECT_EQ(tests::read_text(temp / "log"), "#00#\na\nb\nc\n");
}

TEST(LogFile, GoesOnWhereItWasParked) {
  const tests::TempDir temp;
  LogFile file{temp / "log", "#00#\n"};
  file.write({"a\n", 1, true});
  file.park();
  EXPECT_FALSE(file.is_open());
  EXPECT_EQ(file.write({"b\n", 1, true}).rows_written, 1U);
  EXPECT_EQ(file.close(), 0);
  EXPECT_EQ(tests::read_text(temp / "log"), "#00#\na\nb\n");
}

TEST(LogFile, OnAFullDiskKeepsWholeLinesAndGoesOnLater) {
  const tests::TempDir temp;
  LogFile file{temp / "log", "#00#\n"};
  {
    const tests::FileSizeLimit full{12};
    const WriteResult cut = file.write({"aa\nbb\ncccccc\nd\n", 4, true});
    EXPECT_EQ(cut.error, EFBIG);
    EXPECT_EQ(cut.rows_written, 2U);
    EXPECT_EQ(cut.rows_lost, 2U);
    EXPECT_EQ(cut.bytes, 11U);
    EXPECT_EQ(tests::read_text(temp / "log"), "#00#\naa\nbb\n");
    EXPECT_EQ(file.write({"eeee\n", 1, true}).rows_lost, 1U);
    EXPECT_EQ(tests::read_text(temp / "log"), "#00#\naa\nbb\n");
  }
  EXPECT_EQ(file.write({"ff\n", 1, true}).rows_written, 1U);
  EXPECT_EQ(file.close(), 0);
  EXPECT_EQ(tests::read_text(temp / "log"), "#00#\naa\nbb\nff\n");
}

TEST(LogFile, BeginsAgainWhenItWasRemoved) {
  for (const bool is_parked : {false, true}) {
    const tests::TempDir temp;
    LogFile file{temp / "log", "#00#\n"};
    file.write({"a\n", 1, true});
    if (is_parked) file.park();
    fs::remove(temp / "log");
    EXPECT_EQ(file.write({"b\n", 1, true}).rows_written, 1U);
    EXPECT_EQ(file.close(), 0);
    EXPECT_EQ(tests::read_text(temp / "log"), "#00#\nb\n");
  }
}

TEST(LogFile, RowsOfARemovedDirectoryAreLostUntilItIsBack) {
  const tests::TempDir temp;
  fs::create_directory(temp / "out");
  LogFile file{temp / "out/log", "#00#\n"};
  file.write({"a\n", 1, true});
  fs::remove_all(temp / "out");
  for (int i = 0; i < 2; ++i) {
    const WriteResult gone = file.write({"b\n", 1, true});
    EXPECT_EQ(gone.error, ENOENT);
    EXPECT_EQ(gone.rows_written, 0U);
    EXPECT_EQ(gone.rows_lost, 1U);
  }
  fs::create_directory(temp / "out");
  EXPECT_EQ(file.write({"c\n", 1, true}).rows_written, 1U);
  EXPECT_EQ(tests::read_text(temp / "out/log"), "#00#\nc\n");
}

TEST(LogFile, OnAFullDiskKeepsAGzipMemberWholeOrNotAtAll) {
  const tests::TempDir temp;
  LogFile file{temp / "log", "H"};
  const tests::FileSizeLimit full{6};
  const WriteResult cut = file.write({"a\nb\nc\nd\n", 4, false});
  EXPECT_EQ(cut.rows_written, 0U);
  EXPECT_EQ(cut.rows_lost, 4U);
  EXPECT_EQ(tests::read_text(temp / "log"), "H");
}

TEST(LogFile, WritesItsHeaderWhenTheDiskHasRoomAgain) {
  const tests::TempDir temp;
  LogFile file{temp / "log", "#00#\n"};
  {
    const tests::FileSizeLimit full{3};
    const WriteResult none = file.write({"a\n", 1, true});
    EXPECT_EQ(none.rows_lost, 1U);
    EXPECT_EQ(none.bytes, 0U);
    EXPECT_EQ(fs::file_size(temp / "log"), 0U);
  }
  EXPECT_EQ(file.write({"b\n", 1, true}).rows_written, 1U);
  EXPECT_EQ(tests::read_text(temp / "log"), "#00#\nb\n");
}

TEST(LogFile, NeverTouchesAFileThatWasThere) {
  const tests::TempDir temp;
  std::ofstream(temp / "log") << "kept";
  LogFile file{temp / "log", "#00#\n"};
  const WriteResult refused = file.write({"a\n", 1, true});
  EXPECT_EQ(refused.error, EEXIST);
  EXPECT_EQ(refused.rows_lost, 1U);
  EXPECT_EQ(tests::read_text(temp / "log"), "kept");
}

TEST(LogFile, IsMadeLaterWhenItsDirectoryComesBack) {
  const tests::TempDir temp;
  LogFile file{temp / "gone/log", "#00#\n"};
  EXPECT_EQ(file.write({"a\n", 1, true}).error, ENOENT);
  fs::create_directory(temp / "gone");
  EXPECT_EQ(file.write({"b\n", 1, true}).rows_written, 1U);
  EXPECT_EQ(tests::read_text(temp / "gone/log"), "#00#\nb\n");
}

}  // namespace
}  // namespace tapstat::exporters
