#include "exporters/writer.h"

#include <sched.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/file_size_limit.h"
#include "tests/unit/exporters/gzip_reader.h"
#include "tests/unit/exporters/local_zone.h"
#include "tests/unit/exporters/memory_source.h"
#include "tests/unit/exporters/sample_record.h"

namespace tapstat::exporters {
namespace {

namespace fs = std::filesystem;
using flowstats::ActiveConfig;
using flowstats::Counter;
using flowstats::GroupMask;
using flowstats::TcpRecord;
using namespace tapstat::tests;

/// The client port numbers the records, so that order and loss can be read off the log.
TcpRecord numbered(size_t number, uint32_t epoch = 1, bool complete = true) {
  TcpRecord record = sample_record();
  record.port[0] = static_cast<uint16_t>(number);
  record.port[1] = static_cast<uint16_t>(number >> 16);
  record.epoch = epoch;
  record.complete = complete;
  return record;
}

ActiveConfig config_of(uint32_t epoch, uint8_t groups) {
  ActiveConfig config;
  config.epoch = epoch;
  config.groups = GroupMask{groups};
  config.logs = flowstats::LogMask{3};  // the two of TCP flows
  return config;
}

class WriterTest : public testing::Test {
 protected:
  WriterOptions options() const {
    WriterOptions o;
    o.base = temp_ / "out";
    o.threads_max = 4;
    return o;
  }
  std::unique_ptr<Writer> writer(const WriterOptions& o,
                                 std::vector<flowstats::RecordSource*> from) {
    return std::make_unique<Writer>(o, std::move(from), counters_, [this](const std::string& line) {
      announced_.push_back(line);
    });
  }
  [[nodiscard]] uint64_t count(Counter c) const { return counters_.get(c); }

  static std::vector<size_t> numbers(const Log& log) {
    std::vector<size_t> result;
    for (size_t i = 0; i < log.rows.size(); ++i)
      result.push_back(std::stoul(log.at(i, "c_port")) + (std::stoul(log.at(i, "s_port")) << 16));
    return result;
  }
  static std::vector<size_t> counted(size_t from, size_t to) {
    std::vector<size_t> result;
    for (size_t i = from; i < to; ++i) result.push_back(i);
    return result;
  }
  void expect_rows_accounted() const {
    EXPECT_EQ(count(Counter::rows_complete_formatted),
              count(Counter::rows_complete_written) +
                  count(Counter::rows_complete_dropped_write_error) +
                  count(Counter::rows_complete_dropped_log_disabled));
    EXPECT_EQ(count(Counter::rows_nocomplete_formatted),
              count(Counter::rows_nocomplete_written) +
                  count(Counter::rows_nocomplete_dropped_write_error) +
                  count(Counter::rows_nocomplete_dropped_log_disabled));
  }

  LocalZone utc_{"UTC"};
  TempDir temp_;
  flowstats::CounterBlock counters_;
  std::vector<std::string> announced_;
  MemorySource source_;
};

TEST_F(WriterTest, WithoutFlowsLeavesHeadersAlone) {
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 15), kStart));
  w->start();
  const WriterReport report = w->finish();
  const fs::path directory = temp_ / "out/2017_07_14_02_40.out";
  ASSERT_EQ(report.directories, std::vector<fs::path>{directory});
  EXPECT_EQ(report.files, 2U);
  EXPECT_TRUE(report.errors.empty());
  EXPECT_EQ(read_log(directory / "log_tcp_complete").columns.size(), 112U);
  EXPECT_EQ(read_log(directory / "log_tcp_nocomplete").columns.size(), 42U);
  EXPECT_EQ(report.bytes, fs::file_size(directory / "log_tcp_complete") +
                              fs::file_size(directory / "log_tcp_nocomplete"));
  EXPECT_EQ(count(Counter::bytes_written), report.bytes);
  EXPECT_EQ(count(Counter::directories_created), 1U);
  EXPECT_EQ(announced_, std::vector<std::string>{"[Fri Jul 14 02:40:00 2017] created new outdir " +
                                                 directory.string()});
}

TEST_F(WriterTest, KeepsTheOrderOverManyBatches) {
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 15), kStart));
  w->start();
  constexpr size_t kRecords = 20'000;
  for (size_t i = 0; i < kRecords; ++i) source_.push(numbered(i, 1, i % 3 != 0));
  const WriterReport report = w->finish();
  EXPECT_TRUE(report.errors.empty());
  std::vector<size_t> complete;
  std::vector<size_t> nocomplete;
  for (size_t i = 0; i < kRecords; ++i) (i % 3 != 0 ? complete : nocomplete).push_back(i);
  EXPECT_EQ(numbers(read_log(report.directories[0] / "log_tcp_complete")), complete);
  EXPECT_EQ(numbers(read_log(report.directories[0] / "log_tcp_nocomplete")), nocomplete);
  EXPECT_EQ(count(Counter::rows_complete_written), complete.size());
  EXPECT_EQ(count(Counter::rows_nocomplete_written), nocomplete.size());
  expect_rows_accounted();
}

TEST_F(WriterTest, KeepsTheOrderOfEachOfSeveralSources) {
  MemorySource others[3];
  auto w = writer(options(), {&source_, &others[0], &others[1], &others[2]});
  ASSERT_TRUE(w->open(config_of(1, 0), kStart));
  w->start();
  std::vector<std::thread> workers;
  MemorySource* const all[] = {&source_, &others[0], &others[1], &others[2]};
  for (size_t s = 0; s < 4; ++s)
    workers.emplace_back([&source = *all[s], s] {
      for (size_t i = 0; i < 3'000; ++i) source.push(numbered(s * 100'000 + i));
    });
  for (std::thread& t : workers) t.join();
  const WriterReport report = w->finish();
  std::map<size_t, std::vector<size_t>> by_source;
  for (const size_t n : numbers(read_log(report.directories[0] / "log_tcp_complete")))
    by_source[n / 100'000].push_back(n);
  for (size_t s = 0; s < 4; ++s)
    EXPECT_EQ(by_source[s], counted(s * 100'000, s * 100'000 + 3'000)) << "source " << s;
}

TEST_F(WriterTest, GzipReadsBackAsTheSameText) {
  WriterOptions o = options();
  o.gzip = true;
  auto w = writer(o, {&source_});
  ASSERT_TRUE(w->open(config_of(1, 15), kStart));
  w->start();
  for (size_t i = 0; i < 3'000; ++i) source_.push(numbered(i));
  const WriterReport report = w->finish();
  const fs::path file = report.directories[0] / "log_tcp_complete.gz";
  const Gunzipped unpacked = gunzip(read_text(file));
  EXPECT_TRUE(unpacked.complete);
  EXPECT_EQ(numbers(read_log_text(unpacked.text)), counted(0, 3'000));
  EXPECT_EQ(report.bytes,
            fs::file_size(file) + fs::file_size(report.directories[0] / "log_tcp_nocomplete.gz"));
}

TEST_F(WriterTest, RowsAreInTheFileWithinTheFlushTime) {
  WriterOptions o = options();
  o.flush = flowstats::milliseconds(100);
  auto w = writer(o, {&source_});
  ASSERT_TRUE(w->open(config_of(1, 0), kStart));
  w->start();
  source_.push(numbered(7));
  const fs::path file = temp_ / "out/2017_07_14_02_40.out/log_tcp_complete";
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (read_log(file).rows.empty() && std::chrono::steady_clock::now() < limit)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(numbers(read_log(file)), counted(7, 8)) << "before finish()";
  w->finish();
}

TEST_F(WriterTest, AnEpochOpensADirectoryAndNoRowIsLostOrMixed) {
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 15), kStart));
  w->start();
  for (size_t i = 0; i < 1'000; ++i) source_.push(numbered(i, 1));
  w->announce_config(config_of(2, 1), after_us(60'000'000));
  for (size_t i = 1'000; i < 2'000; ++i) source_.push(numbered(i, i % 10 == 3 ? 1 : 2));
  w->announce_config(config_of(3, 8), after_us(120'000'000));
  for (size_t i = 2'000; i < 3'000; ++i) source_.push(numbered(i, 3));
  const WriterReport report = w->finish();
  ASSERT_EQ(report.directories.size(), 3U);
  std::vector<size_t> all;
  for (const fs::path& directory : report.directories) {
    const Log log = read_log(directory / "log_tcp_complete");  // throws on a row that is no fit
    const auto rows = numbers(log);
    all.insert(all.end(), rows.begin(), rows.end());
  }
  EXPECT_EQ(all, counted(0, 3'000));
  EXPECT_EQ(read_log(report.directories.front() / "log_tcp_complete").group_number, "15");
  EXPECT_EQ(numbers(read_log(report.directories.front() / "log_tcp_complete")), counted(0, 1'000));
  EXPECT_EQ(numbers(read_log(report.directories[1] / "log_tcp_complete")), counted(1'000, 2'000));
  EXPECT_EQ(report.directories.back(), temp_ / "out/2017_07_14_02_42.out");
  EXPECT_EQ(read_log(report.directories.back() / "log_tcp_complete").group_number, "08");
  EXPECT_EQ(w->epoch(), 3U);
  EXPECT_EQ(count(Counter::directories_created), report.directories.size());
  expect_rows_accounted();
}

TEST_F(WriterTest, AnEpochThatNoRecordCarriesOpensItsDirectoryAtTheEnd) {
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 15), kStart));
  w->start();
  source_.push(numbered(0, 1));
  w->announce_config(config_of(2, 1), kStart);
  const WriterReport report = w->finish();
  ASSERT_EQ(report.directories.size(), 2U);
  EXPECT_EQ(report.directories[1], temp_ / "out/2017_07_14_02_40.out_1");
  EXPECT_EQ(numbers(read_log(report.directories[0] / "log_tcp_complete")), counted(0, 1));
  EXPECT_EQ(read_log(report.directories[1] / "log_tcp_complete").group_number, "01");
  EXPECT_EQ(report.files, 4U);
}

TEST_F(WriterTest, ALogThatIsOffHasNoFileAndItsFlowsAreCounted) {
  ActiveConfig config = config_of(1, 15);
  config.logs.set(flowstats::Log::tcp_nocomplete, false);
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config, kStart));
  w->start();
  for (size_t i = 0; i < 10; ++i) source_.push(numbered(i, 1, i < 4));
  const WriterReport report = w->finish();
  EXPECT_EQ(report.files, 1U);
  EXPECT_FALSE(fs::exists(report.directories[0] / "log_tcp_nocomplete"));
  EXPECT_EQ(count(Counter::rows_complete_written), 4U);
  EXPECT_EQ(count(Counter::rows_nocomplete_dropped_log_disabled), 6U);
  EXPECT_EQ(count(Counter::rows_nocomplete_written), 0U);
  EXPECT_TRUE(report.errors.empty());
  expect_rows_accounted();
}

TEST_F(WriterTest, RotatesByPacketTime) {
  WriterOptions o = options();
  o.rotate = flowstats::seconds(60);
  auto w = writer(o, {&source_});
  ASSERT_TRUE(w->open(config_of(1, 0), kStart));
  w->start();
  const int64_t closed_s[] = {0, 59, 60, 100, 119, 200};
  for (size_t i = 0; i < std::size(closed_s); ++i) {
    TcpRecord record = numbered(i);
    record.closed = after_us(closed_s[i] * 1'000'000);
    source_.push(record);
  }
  const WriterReport report = w->finish();
  ASSERT_EQ(report.directories.size(), 3U);
  EXPECT_EQ(numbers(read_log(report.directories[0] / "log_tcp_complete")), counted(0, 2));
  EXPECT_EQ(report.directories[1], temp_ / "out/2017_07_14_02_41.out");
  EXPECT_EQ(numbers(read_log(report.directories[1] / "log_tcp_complete")), counted(2, 5));
  EXPECT_EQ(report.directories[2], temp_ / "out/2017_07_14_02_43.out");
  EXPECT_EQ(numbers(read_log(report.directories[2] / "log_tcp_complete")), counted(5, 6));
}

TEST_F(WriterTest, ABaseThatCannotBeMadeIsAnErrorOfTheEnvironment) {
  std::ofstream(temp_ / "out") << "a file";
  auto w = writer(options(), {&source_});
  const auto opened = w->open(config_of(1, 15), kStart);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().status, flowstats::ExitStatus::environment);
  EXPECT_NE(opened.error().sentence.find("cannot be written"), std::string::npos);
}

TEST_F(WriterTest, AFullDiskTearsNoLineAndIsToldOnce) {
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 0), kStart));
  WriterReport report;
  {
    const FileSizeLimit full{100'000};
    w->start();
    for (size_t i = 0; i < 4'000; ++i) source_.push(numbered(i));
    report = w->finish();
  }
  const fs::path file = report.directories[0] / "log_tcp_complete";
  EXPECT_EQ(read_text(file).back(), '\n');
  const Log log = read_log(file);
  EXPECT_LT(log.rows.size(), 4'000U);
  EXPECT_EQ(numbers(log), counted(0, log.rows.size()));
  EXPECT_EQ(count(Counter::rows_complete_written), log.rows.size());
  EXPECT_EQ(count(Counter::rows_complete_dropped_write_error), 4'000U - log.rows.size());
  EXPECT_EQ(report.bytes,
            fs::file_size(file) + fs::file_size(report.directories[0] / "log_tcp_nocomplete"));
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_EQ(report.errors[0],
            "\"" + file.string() +
                "\" cannot be written: File too large. Free some space, or choose "
                "another directory with -s. " +
                std::to_string(4'000 - log.rows.size()) + " rows are lost.");
  expect_rows_accounted();
}

TEST_F(WriterTest, AFaultInOneLogLeavesTheOtherAlone) {
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 0), kStart));
  WriterReport report;
  {
    const FileSizeLimit full{30'000};
    w->start();
    for (size_t i = 0; i < 1'000; ++i) source_.push(numbered(i, 1, i % 100 != 0));
    report = w->finish();
  }
  EXPECT_EQ(count(Counter::rows_nocomplete_written), 10U);
  EXPECT_EQ(read_log(report.directories[0] / "log_tcp_nocomplete").rows.size(), 10U);
  EXPECT_GT(count(Counter::rows_complete_dropped_write_error), 0U);
}

TEST_F(WriterTest, ADirectoryThatCannotBeMadeKeepsRowsInTheOpenOne) {
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 15), kStart));
  w->start();
  source_.push(numbered(0, 1));
  // The base becomes a file; the open directory lives on under another name.
  while (!source_.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  fs::rename(temp_ / "out", temp_ / "moved");
  std::ofstream(temp_ / "out") << "in the way";
  w->announce_config(config_of(2, 1), kStart);
  for (size_t i = 1; i < 50; ++i) source_.push(numbered(i, 2));
  const WriterReport report = w->finish();
  EXPECT_EQ(report.directories.size(), 1U);
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_NE(report.errors[0].find("cannot be written"), std::string::npos);
  const Log log = read_log(temp_ / "moved/2017_07_14_02_40.out/log_tcp_complete");
  EXPECT_EQ(numbers(log), counted(0, 50));
  EXPECT_EQ(log.group_number, "15");
}

class SpoolTest : public WriterTest {
 protected:
  WriterOptions with_spool() const {
    WriterOptions o = options();
    o.flush = flowstats::milliseconds(2);
    o.full = {WhenFull::spool, temp_ / "spool", uint64_t{1} << 30};
    return o;
  }
  /// Pushes rows of these numbers and waits until they are in a file.
  void write(size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) source_.push(numbered(i));
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (count(Counter::rows_complete_written) < to && std::chrono::steady_clock::now() < limit)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(count(Counter::rows_complete_written), to);
  }
};

TEST_F(SpoolTest, RowsGoThereWhileRoomIsShortAndBackLater) {
  auto w = writer(with_spool(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 0), kStart));
  w->start();
  write(0, 100);
  w->room().set_short(true);
  write(100, 250);
  w->room().set_short(false);
  write(250, 300);
  const WriterReport report = w->finish();
  const fs::path first = temp_ / "out/2017_07_14_02_40.out";
  const fs::path spooled = temp_ / "spool/2017_07_14_02_40.out";
  const fs::path last = temp_ / "out/2017_07_14_02_40.out_1";
  ASSERT_EQ(report.directories, (std::vector<fs::path>{first, spooled, last}));
  EXPECT_EQ(report.spooled, std::vector<fs::path>{spooled});
  EXPECT_EQ(numbers(read_log(first / "log_tcp_complete")), counted(0, 100));
  EXPECT_EQ(numbers(read_log(spooled / "log_tcp_complete")), counted(100, 250));
  EXPECT_EQ(numbers(read_log(last / "log_tcp_complete")), counted(250, 300));
  EXPECT_EQ(count(Counter::rows_spooled), 150U);
  EXPECT_EQ(count(Counter::bytes_spooled), fs::file_size(spooled / "log_tcp_complete") +
                                               fs::file_size(spooled / "log_tcp_nocomplete"));
  EXPECT_EQ(announced_.size(), 3U);
  EXPECT_TRUE(report.errors.empty());
  expect_rows_accounted();
}

TEST_F(SpoolTest, WhatItHoldsIsBounded) {
  WriterOptions o = with_spool();
  o.full.spool_bytes_max = 20'000;
  auto w = writer(o, {&source_});
  ASSERT_TRUE(w->open(config_of(1, 0), kStart));
  w->start();
  w->room().set_short(true);
  size_t rows = 0;
  for (; w->room().spool_left() > 0 && rows < 2'000; rows += 10) write(rows, rows + 10);
  write(rows, rows + 100);  // the base again, as if rows were to be dropped
  const WriterReport report = w->finish();
  EXPECT_GE(count(Counter::bytes_spooled), 20'000U);
  EXPECT_LT(count(Counter::bytes_spooled), 26'000U) << "ten rows more at most";
  EXPECT_EQ(count(Counter::rows_spooled), rows);
  ASSERT_EQ(report.directories.size(), 3U);
  EXPECT_EQ(numbers(read_log(report.directories[2] / "log_tcp_complete")),
            counted(rows, rows + 100));
}

TEST_F(SpoolTest, OneThatCannotBeMadeIsToldBeforeTheStart) {
  std::ofstream(temp_ / "spool") << "a file";
  auto w = writer(with_spool(), {&source_});
  const auto opened = w->open(config_of(1, 0), kStart);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().status, flowstats::ExitStatus::environment);
  EXPECT_TRUE(opened.error().sentence.starts_with("the spool \"")) << opened.error().sentence;
}

TEST_F(SpoolTest, WithoutOneRowsStayInTheBase) {
  auto w = writer(options(), {&source_});
  ASSERT_TRUE(w->open(config_of(1, 0), kStart));
  w->start();
  w->room().set_short(true);
  write(0, 50);
  EXPECT_EQ(w->finish().directories.size(), 1U);
  EXPECT_EQ(count(Counter::rows_spooled), 0U);
}

/// Says on which CPUs the thread runs that drains it.
class PlacedSource : public flowstats::RecordSource {
 public:
  size_t drain(flowstats::RecordBuffer& /*out*/, flowstats::Timestamp) override {
    cpu_set_t set{};
    sched_getaffinity(0, sizeof set, &set);
    if (!CPU_EQUAL(&set, &wanted)) ++elsewhere;
    ++drained;
    return 0;
  }
  size_t drain_one(flowstats::RecordBuffer& /*out*/) override { return 0; }
  [[nodiscard]] bool has_records() const override { return false; }
  [[nodiscard]] bool is_filling_up() const override { return false; }
  flowstats::Timestamp frontier() override { return flowstats::kNever; }
  cpu_set_t wanted{};
  std::atomic<int> drained = 0, elsewhere = 0;
};

TEST_F(WriterTest, WorksOnTheCpusThatItIsGiven) {
  cpu_set_t all{};
  ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
  size_t last = CPU_SETSIZE - 1;
  while (!CPU_ISSET(last, &all)) --last;
  PlacedSource source;
  CPU_SET(last, &source.wanted);
  WriterOptions o = options();
  o.cpus = {static_cast<int>(last)};
  auto w = writer(o, {&source});
  ASSERT_TRUE(w->open(config_of(1, 15), kStart));
  w->start();
  w->finish();
  EXPECT_GT(source.drained, 0);
  EXPECT_EQ(source.elsewhere, 0);
}

TEST_F(WriterTest, AnExceptionInTheAnnouncementLosesNothing) {
  bool first = true;
  auto w = std::make_unique<Writer>(options(), std::vector<flowstats::RecordSource*>{&source_},
                                    counters_, [&first](const std::string&) {
                                      if (!std::exchange(first, false)) throw std::bad_alloc{};
                                    });
  ASSERT_TRUE(w->open(config_of(1, 15), kStart));
  w->start();
  for (size_t i = 0; i < 600; ++i) source_.push(numbered(i, 1));
  w->announce_config(config_of(2, 1), kStart);
  for (size_t i = 600; i < 900; ++i) source_.push(numbered(i, 2));
  const WriterReport report = w->finish();
  ASSERT_EQ(report.errors.size(), 1U);
  EXPECT_NE(report.errors[0].find("interrupted"), std::string::npos);
  EXPECT_EQ(count(Counter::rows_complete_written), 900U);
  expect_rows_accounted();
}

}  // namespace
}  // namespace tapstat::exporters
