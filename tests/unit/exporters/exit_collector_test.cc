/// When hours of exit records are finished while their sources go on, and that rows of the logs do
/// not wait for them.
#include "exporters/exit_collector.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "exporters/writer.h"
#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/exit_sample.h"
#include "tests/unit/exporters/memory_source.h"
#include "tests/unit/exporters/sample_record.h"
#include "tests/unit/exporters/web100_files.h"

namespace tapstat::exporters {
namespace {

using flowstats::Counter;
using flowstats::Timestamp;
using tests::exit_record;
using tests::kHour;
using tests::published_files;
using tests::records_in;

Timestamp at(int64_t seconds) { return kHour + flowstats::seconds(seconds); }

class ExitCollectorTest : public testing::Test {
 protected:
  ExitCollectorTest() {
    options_.root = temp_.path();
    log_.emplace(options_, counters_, errors_);
    EXPECT_TRUE(log_->open());
  }
  size_t files() { return published_files(temp_.path()).size(); }

  tests::TempDir temp_;
  Web100Options options_;
  flowstats::CounterBlock counters_;
  WriteErrors errors_;
  std::optional<Web100Log> log_;
  tests::ExitSource one_, other_;
};

TEST_F(ExitCollectorTest, AnHourIsPublishedWhenAllSourcesAreBehindIt) {
  ExitCollector collector(*log_, {&one_, &other_});
  one_.push(exit_record(1, 3'590));
  collector.take();
  one_.advance(at(3'700));
  collector.take();
  EXPECT_EQ(files(), 0u) << "the other has told nothing yet";
  other_.advance(at(3'605));
  collector.take();
  other_.push(exit_record(2, 3'599));
  collector.take();
  EXPECT_EQ(files(), 0u);
  other_.advance(at(3'611));
  collector.take();
  const auto published = published_files(temp_.path());
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(records_in(published.begin()->second), 2u);
  EXPECT_EQ(counters_.get(Counter::exit_records_late), 0u);
}

/// More than it takes in a turn: the hour waits for the rest.
TEST_F(ExitCollectorTest, NoHourIsPublishedOverRecordsThatAreLeft) {
  ExitCollector collector(*log_, {&one_});
  constexpr uint32_t kRecords = 5'000;
  for (uint32_t i = 0; i < kRecords; ++i) one_.push(exit_record(i, i % 3'000));
  one_.advance(at(3'700));
  collector.take();
  ASSERT_TRUE(one_.has_records());
  EXPECT_EQ(files(), 0u);
  collector.take_all();
  const auto published = published_files(temp_.path());
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(records_in(published.begin()->second), kRecords);
  EXPECT_EQ(counters_.get(Counter::exit_records_late), 0u);
}

TEST_F(ExitCollectorTest, TheEndOfTheRunIsNoTime) {
  ExitCollector collector(*log_, {&one_});
  one_.push(exit_record(1, 10));
  one_.advance(flowstats::kAlways);
  collector.take_all();
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(log_->finish().files, 1u);
}

/// One source has told nothing, so its hours cannot end; rows with names come all the same.
TEST_F(ExitCollectorTest, RowsAndExitRecordsDoNotWaitForEachOther) {
  log_.reset();
  WriterOptions options;
  options.base = temp_ / "out";
  options.flush = flowstats::milliseconds(50);
  options.exit_records = options_;
  tests::MemorySource rows, more_rows;
  Writer writer(options, {&rows, &more_rows}, counters_, [](const std::string&) {},
                {&one_, &other_});
  flowstats::ActiveConfig config;
  config.epoch = 1;
  ASSERT_TRUE(writer.open(config, tests::kStart));
  writer.start();
  const auto until = [](auto condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition() && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return condition();
  };
  const auto written = [&](Counter c) { return [&, c] { return counters_.get(c) == 1; }; };
  flowstats::TcpRecord row = tests::sample_record();
  row.epoch = 1;
  row.complete = true;
  rows.push(row);
  more_rows.advance(flowstats::kAlways);
  EXPECT_TRUE(until(written(Counter::rows_complete_written)));
  one_.push(exit_record(1, 3'590));
  EXPECT_TRUE(until(written(Counter::exit_records_written)));
  EXPECT_EQ(files(), 0u);
  one_.advance(at(3'700));
  other_.advance(at(3'700));
  EXPECT_TRUE(until([&] { return files() == 1; })) << "before the end of the run";
  const WriterReport report = writer.finish();
  EXPECT_TRUE(report.errors.empty());
  EXPECT_EQ(report.exit_records.files, 1u);
}

}  // namespace
}  // namespace tapstat::exporters
