/// What a published configuration does to the writer: directories, files and counted rows.
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "exporters/epoch_rows.h"
#include "exporters/writer.h"
#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/local_zone.h"
#include "tests/unit/exporters/memory_source.h"
#include "tests/unit/exporters/sample_record.h"

namespace tapstat::exporters {
namespace {

namespace fs = std::filesystem;
using flowstats::ActiveConfig;
using flowstats::GroupMask;
using namespace tapstat::tests;
using std::chrono::milliseconds;

ActiveConfig config_of(uint32_t epoch, uint8_t groups, uint32_t rotation = 0) {
  ActiveConfig config;
  config.epoch = epoch;
  config.groups = GroupMask{groups};
  config.logs = flowstats::LogMask{3};  // the two of TCP flows
  config.rotation = rotation;
  return config;
}

flowstats::TcpRecord record_of(uint32_t epoch) {
  flowstats::TcpRecord record = sample_record();
  record.epoch = epoch;
  return record;
}

class EpochsTest : public testing::Test {
 protected:
  void SetUp() override {
    WriterOptions options;
    options.base = temp_ / "out";
    options.flush = flowstats::seconds(60);  // nothing here happens because time has passed
    writer_ = std::make_unique<Writer>(options, std::vector<flowstats::RecordSource*>{&source_},
                                       counters_, [](const std::string&) {});
    ASSERT_TRUE(writer_->open(config_of(1, 0), kStart));
    writer_->start();
  }
  void publish(const ActiveConfig& config) {
    writer_->announce_config(config, kStart);
    writer_->settle(config.epoch);
  }
  [[nodiscard]] bool reaches(uint32_t epoch) const {
    for (int i = 0; i < 5'000 && writer_->epoch() != epoch; ++i)
      std::this_thread::sleep_for(milliseconds{1});
    return writer_->epoch() == epoch;
  }

  LocalZone utc_{"UTC"};
  TempDir temp_;
  flowstats::CounterBlock counters_;
  MemorySource source_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(EpochsTest, ASettledEpochHasItsFilesWithoutARecord) {
  publish(config_of(2, 1));
  ASSERT_TRUE(reaches(2));
  const fs::path directory = writer_->directory();
  EXPECT_EQ(directory, temp_ / "out/2017_07_14_02_40.out_1");
  const Log log = read_log(directory / "log_tcp_complete");
  EXPECT_EQ(log.group_number, "01");
  EXPECT_EQ(log.columns.size(), 56U);
  EXPECT_EQ(writer_->finish().directories.size(), 2U);
}

TEST_F(EpochsTest, TheFirstRowsOfAnEpochDoNotWaitForTheFlush) {
  publish(config_of(2, 1));
  ASSERT_TRUE(reaches(2));
  source_.push(record_of(2));
  for (int i = 0; i < 5'000 && writer_->rows_between(2, 3) == 0U; ++i)
    std::this_thread::sleep_for(milliseconds{1});
  EXPECT_EQ(read_log(writer_->directory() / "log_tcp_complete").rows.size(), 1U);
  writer_->finish();
}

TEST_F(EpochsTest, RecordsOfBeforeGoIntoTheDirectoryOfBefore) {
  for (int i = 0; i < 300; ++i) source_.push(record_of(1));
  publish(config_of(2, 1));
  ASSERT_TRUE(reaches(2));
  const WriterReport report = writer_->finish();
  ASSERT_EQ(report.directories.size(), 2U);
  EXPECT_EQ(read_log(report.directories[0] / "log_tcp_complete").rows.size(), 300U);
  EXPECT_EQ(read_log(report.directories[1] / "log_tcp_complete").rows.size(), 0U);
}

TEST_F(EpochsTest, TheSameColumnsStayInTheSameFiles) {
  source_.push(record_of(1));
  publish(config_of(2, 0));
  ASSERT_TRUE(reaches(2));
  source_.push(record_of(2));
  source_.push(record_of(2));
  publish(config_of(3, 0));
  ASSERT_TRUE(reaches(3));
  const WriterReport report = writer_->finish();
  ASSERT_EQ(report.directories.size(), 1U);
  EXPECT_EQ(read_log(report.directories[0] / "log_tcp_complete").rows.size(), 3U);
  EXPECT_EQ(writer_->rows_between(1, 2), 1U);
  EXPECT_EQ(writer_->rows_between(2, 3), 2U);
  EXPECT_EQ(writer_->rows_between(1, 9), 3U);
}

TEST_F(EpochsTest, ARotationOpensADirectoryWithTheSameColumns) {
  publish(config_of(2, 0, 1));
  ASSERT_TRUE(reaches(2));
  EXPECT_EQ(read_log(writer_->directory() / "log_tcp_complete").columns.size(), 42U);
  EXPECT_EQ(writer_->finish().directories.size(), 2U);
}

TEST_F(EpochsTest, NothingIsOpenedBeforeTheEpochHasSettled) {
  writer_->announce_config(config_of(2, 1), kStart);
  std::this_thread::sleep_for(milliseconds{30});
  EXPECT_EQ(writer_->epoch(), 1U);
  writer_->settle(2);
  EXPECT_TRUE(reaches(2));
  writer_->finish();
}

TEST(EpochRows, AreForgottenOldestFirst) {
  EpochRows rows;
  for (uint32_t epoch = 1; epoch <= EpochRows::kEpochsKept + 5; ++epoch) {
    rows.enter(epoch);
    rows.add(2);
  }
  EXPECT_EQ(rows.between(1, 3), std::nullopt);
  EXPECT_EQ(rows.between(6, 8), 4U);
  EXPECT_EQ(rows.between(EpochRows::kEpochsKept + 6, EpochRows::kEpochsKept + 9), 0U);
  EXPECT_EQ(rows.epoch(), EpochRows::kEpochsKept + 5);
}

}  // namespace
}  // namespace tapstat::exporters
