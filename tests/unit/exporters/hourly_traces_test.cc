/// Which packets end in which file, and what a file says about itself, also when the disk fails.
#include "exporters/hourly_traces.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include <gtest/gtest.h>

#include "exporters/web100_names.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/file_size_limit.h"
#include "tests/unit/exporters/trace_packets.h"

namespace tapstat::exporters {
namespace {

namespace fs = std::filesystem;
using flowstats::Counter;
using flowstats::Timestamp;

constexpr int64_t kHourNumber = 413'064;  // 2017-02-14T00:00:00Z
constexpr Timestamp kHourStart{kHourNumber * flowstats::kHour.us};

Timestamp at(int64_t seconds) { return kHourStart + flowstats::seconds(seconds); }

std::string content(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

class HourlyTracesTest : public testing::Test {
 protected:
  HourlyTracesTest() {
    to_.root = directory_.path();
    to_.node = "node";
    to_.recipe.filter = "tcp port 8000";
    begin();
  }

  /// As another process would.
  void begin() {
    traces_.reset();
    traces_.emplace(to_, counters_, errors_);
    const auto opened = traces_->open();
    ASSERT_TRUE(opened) << opened.error().sentence;
  }

  void put(Timestamp time, const std::string& bytes = "packet", uint16_t link_type = 1) {
    const auto slot = tests::packet_slot(time, bytes, 1'000, link_type);
    traces_->append(tests::packet_in(slot));
  }

  [[nodiscard]] fs::path path(int64_t hours, const char* ending = "0.tra") const {
    const Timestamp hour = at(hours * 3'600);
    return to_.root / hour_directory(hour, "node") / (hour_stem(hour) + ending);
  }
  [[nodiscard]] std::string meta(int64_t hours, const std::string& key,
                                 const char* ending = "0.tra") const {
    std::istringstream lines(content(path(hours, ending).string() + ".meta"));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(key + " ")) return line.substr(key.size() + 1);
    return "";
  }
  /// matched = sampled_out + written + dropped, and the four are those.
  void expect_account(int64_t hours, uint64_t sampled_out, uint64_t written, uint64_t ring,
                      uint64_t disk, const char* ending = "0.tra") const {
    EXPECT_EQ(meta(hours, "sampled_out", ending), std::to_string(sampled_out));
    EXPECT_EQ(meta(hours, "written", ending), std::to_string(written));
    EXPECT_EQ(meta(hours, "dropped_ring", ending), std::to_string(ring));
    EXPECT_EQ(meta(hours, "dropped_disk", ending), std::to_string(disk));
    EXPECT_EQ(meta(hours, "matched", ending), std::to_string(sampled_out + written + ring + disk));
  }

  tests::TempDir directory_;
  TraceDestination to_;
  flowstats::CounterBlock counters_;
  WriteErrors errors_;
  std::optional<HourlyTraces> traces_;
};

TEST_F(HourlyTracesTest, WritesWhatTcpdumpReads) {
  put(at(5'000), "abc");
  traces_->finish();
  const unsigned char expected[] = {0xd4, 0xc3, 0xb2, 0xa1, 2,   0,   4,  0, 0, 0, 0, 0,
                                    0,    0,    0,    0,    128, 0,   0,  0, 1, 0, 0, 0,  // file
                                    0x08, 0x5c, 0xa2, 0x58, 0,   0,   0,  0, 3, 0, 0, 0,
                                    0xe8, 3,    0,    0,    'a', 'b', 'c'};
  EXPECT_EQ(content(path(1)), std::string(std::begin(expected), std::end(expected)));
  EXPECT_EQ(path(1).lexically_relative(to_.root),
            "SideStream/2017/02/14/node/20170214T01:00:00Z_ALL0.tra");
  EXPECT_EQ(meta(1, "first"), "1487035400.000000");
}

TEST_F(HourlyTracesTest, NeighboursShareAMinuteAndCountItOnce) {
  for (int64_t second = 0; second < 7'200; ++second) put(at(second));
  traces_->finish();
  expect_account(-1, 0, 10, 0, 0);
  expect_account(0, 0, 3'610, 0, 0);
  expect_account(1, 0, 3'650, 0, 0);
  expect_account(2, 0, 50, 0, 0);
  EXPECT_EQ(counters_.get(Counter::trace_written), 7'200U);
}

TEST_F(HourlyTracesTest, AnHourIsPublishedWhenItsWindowIsOverByASecond) {
  put(at(100));
  traces_->advance(at(3'610));
  EXPECT_FALSE(fs::exists(path(0)));
  put(at(3'609));  // a little late, and still in time
  traces_->advance(at(3'611));
  EXPECT_TRUE(fs::exists(path(0)));
  EXPECT_EQ(meta(0, "end"), "hour");
  expect_account(0, 0, 2, 0, 0);
  put(at(200));  // too late: into the oldest hour that is open
  traces_->finish();
  EXPECT_FALSE(fs::exists(path(0, "1.tra"))) << "a published hour stays as it is";
  EXPECT_EQ(meta(1, "out_of_order"), "1");
  EXPECT_EQ(meta(1, "end"), "stop");
  expect_account(1, 0, 2, 0, 0);
  EXPECT_EQ(counters_.get(Counter::trace_written), 3U);
}

TEST_F(HourlyTracesTest, TalliesGoToTheirHoursAndMakeATraceOfTheirOwn) {
  traces_->add(tests::tally_of({kHourNumber, kHourNumber + 1}, 5, 7));
  put(at(3'590));
  traces_->add(tests::tally_of({kHourNumber + 2, kHourNumber + 2}, 1, 0));
  traces_->finish();
  expect_account(0, 5, 1, 7, 0);
  expect_account(1, 5, 1, 7, 0);
  expect_account(2, 1, 0, 0, 0);
  EXPECT_EQ(content(path(2)).size(), 24U);
}

TEST_F(HourlyTracesTest, EachLinkTypeHasAFile) {
  put(at(100), "a", 1);
  put(at(101), "b", 101);
  put(at(102), "c", 1);
  traces_->finish();
  EXPECT_EQ(meta(0, "link_type"), "1");
  EXPECT_EQ(meta(0, "link_type", "1.tra"), "101");
  expect_account(0, 0, 2, 0, 0);
  expect_account(0, 0, 1, 0, 0, "1.tra");
}

TEST_F(HourlyTracesTest, AFileThatIsLargeEnoughTakesNoMore) {
  to_.format.bytes_max = 24 + 3 * (16 + 6);
  begin();
  for (int i = 0; i < 5; ++i) put(at(100 + i));
  traces_->finish();
  EXPECT_EQ(content(path(0)).size(), to_.format.bytes_max);
  EXPECT_EQ(meta(0, "end"), "size");
  expect_account(0, 0, 3, 0, 2);
  EXPECT_EQ(counters_.get(Counter::trace_dropped_disk), 2U);
  EXPECT_TRUE(errors_.sentences().empty()) << "it was asked for";
}

TEST_F(HourlyTracesTest, AFullDiskCostsWholePacketsThatAreCounted) {
  const std::string large(60'000, 'x');
  {
    const tests::FileSizeLimit limit(3 << 20);
    for (int i = 0; i < 100; ++i) put(at(100 + i), large);
    traces_->flush();
  }
  put(at(300), large);
  traces_->finish();
  const uint64_t written = counters_.get(Counter::trace_written);
  EXPECT_GT(written, 17U);
  EXPECT_LT(written, 60U);
  EXPECT_EQ(written + counters_.get(Counter::trace_dropped_disk), 101U);
  expect_account(0, 0, written, 0, 101 - written);
  EXPECT_EQ(content(path(0)).size(), 24 + written * (16 + large.size()));
  EXPECT_EQ(meta(0, "error"), "File too large");
  EXPECT_EQ(errors_.sentences().size(), 1U);
}

TEST_F(HourlyTracesTest, TheNextProcessPublishesWhatAKilledOneLeft) {
  put(at(100), "published");
  traces_->finish();
  traces_.reset();
  const pid_t child = fork();
  if (child == 0) {
    begin();
    for (int i = 0; i < 3; ++i) put(at(200 + i));
    traces_->flush();
    put(at(300), std::string(2 << 20, 'x'));  // reaches the disk at once; cut below
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  const fs::path part = to_.root / ".spool/20170214T00:00:00Z_ALL1.tra.part";
  ASSERT_TRUE(fs::exists(part));
  fs::resize_file(part, fs::file_size(part) - 5);
  const fs::path note = to_.root / ".spool/20170214T00:00:00Z_ALL0.tra.meta.part";
  std::ofstream(note) << "half";
  begin();
  EXPECT_FALSE(fs::exists(part));
  EXPECT_FALSE(fs::exists(note));
  EXPECT_EQ(content(path(0, "1.tra")).size(), 24 + 3 * (16U + 6));
  EXPECT_EQ(meta(0, "end", "1.tra"), "killed");
  EXPECT_EQ(meta(0, "written", "1.tra"), "3");
  EXPECT_EQ(meta(0, "matched", "1.tra"), "") << "nobody knows";
  EXPECT_EQ(meta(0, "written"), "1");
  put(at(400));
  traces_->finish();
  expect_account(0, 0, 1, 0, 0, "2.tra");
}

TEST_F(HourlyTracesTest, ADirectoryHasOneTraceWriter) {
  HourlyTraces second(to_, counters_, errors_);
  const auto opened = second.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().status, flowstats::ExitStatus::environment);
}

}  // namespace
}  // namespace tapstat::exporters
