#include "exporters/record_collector.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "exporters/writer.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/memory_source.h"
#include "tests/unit/exporters/sample_record.h"

namespace tapstat::exporters {
namespace {

using flowstats::Timestamp;
using namespace tapstat::tests;

/// The collector between two sources, with a directory that is open.
class RecordCollectorTest : public testing::Test {
 protected:
  RecordCollectorTest() {
    options_.base = temp_ / "out";
    flowstats::ActiveConfig config;
    config.logs = flowstats::LogMask{3};
    EXPECT_TRUE(follower_.open_first(config, kStart));
  }
  void push(MemorySource& source, int64_t first, int64_t closed) {
    flowstats::TcpRecord record = sample_record();
    record.first = {first};
    record.closed = {closed};
    source.push(record);
  }
  /// First times of the flows of the next batch; empty when none is ready.
  std::vector<int64_t> next(bool finishing = false) {
    std::vector<int64_t> firsts;
    RecordBatch* batch = collector_.next(finishing);
    if (batch == nullptr) return firsts;
    batch->records.for_each([&](const flowstats::RecordHead& head) {
      firsts.push_back(static_cast<const flowstats::TcpRecord&>(head).first.us);
    });
    batch->hand_over(RecordBatch::Stage::collected, RecordBatch::Stage::formatted);
    batch->recycle();
    return firsts;
  }

  TempDir temp_;
  WriterOptions options_;
  flowstats::CounterBlock counters_;
  WriteErrors errors_;
  OutputRoom room_{options_.full};
  DirectoryMaker maker_{options_, counters_, [](const std::string&) {}};
  DirectoryFollower follower_{options_, maker_, room_, errors_};
  NameJoiner names_{{}, counters_};
  MemorySource fast_, slow_;
  // Nothing waits for a full batch.
  RecordCollector collector_{{&fast_, &slow_}, follower_, names_, flowstats::Duration{0}, 3};
};

TEST_F(RecordCollectorTest, AFlowWaitsUntilTheOtherWorkerIsPastItsFirstPacket) {
  slow_.advance({100});
  push(fast_, 90, 500);
  push(fast_, 200, 500);
  EXPECT_EQ(next(), (std::vector<int64_t>{90}));
  EXPECT_EQ(next(), (std::vector<int64_t>{}));
  slow_.advance({300});
  EXPECT_EQ(next(), (std::vector<int64_t>{200}));
  EXPECT_EQ(counters_.get(flowstats::Counter::names_joined_early), 0U);
}

TEST_F(RecordCollectorTest, AtTheEndNobodyIsWaitedFor) {
  push(fast_, 200, 500);
  push(fast_, 300, 600);
  EXPECT_EQ(next(), (std::vector<int64_t>{}));
  std::vector<int64_t> all;
  for (auto some = next(true); !some.empty(); some = next(true))
    all.insert(all.end(), some.begin(), some.end());
  EXPECT_EQ(all, (std::vector<int64_t>{200, 300}));
  EXPECT_EQ(counters_.get(flowstats::Counter::names_joined_early), 0U);
}

TEST_F(RecordCollectorTest, AWorkerThatIsLateIsWaitedForWhileThereIsRoom) {
  push(fast_, 200, 500);
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 2 * kNamesWaitMax)
    ASSERT_EQ(next(), (std::vector<int64_t>{}));
  slow_.advance({300});
  EXPECT_EQ(next(), (std::vector<int64_t>{200}));
  EXPECT_EQ(counters_.get(flowstats::Counter::names_joined_early), 0U);
}

TEST_F(RecordCollectorTest, AWorkerThatStandsStillWhileARingFillsUpStopsTheOthersForAMomentOnly) {
  push(fast_, 200, 500);
  fast_.fill_up();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<int64_t> ready;
  while (ready.empty()) ready = next();
  EXPECT_EQ(ready, (std::vector<int64_t>{200}));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, kNamesWaitMax);
  EXPECT_EQ(counters_.get(flowstats::Counter::names_joined_early), 1U);
}

}  // namespace
}  // namespace tapstat::exporters
