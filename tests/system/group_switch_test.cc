/// Switching column groups in the middle of a replay: a new directory with a new header, no row
/// lost, no row mixed.
///
/// DPDK's environment starts once in a process, so all cases share one.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "control/ledger.h"
#include "control/supervisor.h"
#include "dataplane/eal.h"
#include "tests/support/conversation.h"
#include "tests/support/log_reader.h"
#include "tests/support/temp_dir.h"

namespace tapstat::tests {
namespace {

using flowstats::ActiveConfig;
using flowstats::GroupMask;

constexpr size_t kConnections = 200;
constexpr size_t kPacketsEach = 8;

class Environment : public ::testing::Environment {
 public:
  void SetUp() override {
    auto eal = dataplane::start_eal({.worker_lcores = 3});
    ASSERT_TRUE(eal.has_value()) << eal.error().sentence;
    eal_.emplace(std::move(*eal));
  }
  void TearDown() override { eal_.reset(); }

 private:
  std::optional<dataplane::Eal> eal_;
};
[[maybe_unused]] const auto* const kEnvironment =
    ::testing::AddGlobalTestEnvironment(new Environment);

/// One connection after the other, kPacketsEach packets each, a second apart.
void write_connections(const std::filesystem::path& file) {
  CaptureWriter writer(file);
  for (size_t i = 0; i < kConnections; ++i) {
    Conversation talk(kStart + flowstats::seconds(static_cast<int64_t>(i)));
    talk.client().port(static_cast<uint16_t>(20'000 + i));
    talk.handshake();
    talk.client().sends(100 + i).at(30_ms);
    talk.server().sends(1000).at(60_ms);
    talk.close(100_ms);
    for (const TimedFrame& frame : talk.frames()) writer.write(frame.time, frame.bytes);
  }
  writer.close();
}

struct Outcome {
  control::SupervisorResult result;
  std::vector<Log> complete;  // one for each directory
};

flowstats::Result<control::SupervisorResult> replay(
    const std::vector<dataplane::CaptureFile>& captures, dataplane::ReaderKind reader,
    const control::SupervisorOptions& options, const control::SignalWatch& signals,
    control::Messages& messages) {
  dataplane::ReplayOptions how;
  how.reader = reader;
  return control::run_packet_pipeline(
      [&] {
        return dataplane::PacketPipeline::replay(captures, how, options.pipeline, options.config);
      },
      [] { return flowstats::Result<void>{}; }, options, signals, messages);
}

class GroupSwitch : public ::testing::Test {
 protected:
  void SetUp() override { write_connections(directory_ / "x.pcap"); }

  Outcome run(const std::string& name, unsigned workers, std::vector<control::GroupSwitch> switches,
              dataplane::ReaderKind reader = dataplane::ReaderKind::dpdk) {
    auto capture = dataplane::open_capture(directory_ / "x.pcap", {});
    EXPECT_TRUE(capture.has_value());
    std::vector<dataplane::CaptureFile> captures;
    captures.push_back(std::move(*capture));
    EXPECT_EQ(captures[0].packets, kConnections * kPacketsEach);
    control::SupervisorOptions options;
    options.pipeline.workers = workers;
    options.pipeline.measurement.mode =
        workers == 1 ? flowstats::Mode::tstat : flowstats::Mode::corrected;
    options.writer.base = directory_ / name;
    options.first_packet = *captures[0].first;
    options.switches = std::move(switches);
    control::Messages messages({.quiet = true});
    const control::SignalWatch signals;
    auto result = replay(captures, reader, options, signals, messages);
    EXPECT_TRUE(result.has_value());
    Outcome outcome{std::move(*result), {}};
    EXPECT_TRUE(control::make_ledger(outcome.result.counters, {}).closes());
    for (const auto& d : outcome.result.writer.directories)
      outcome.complete.push_back(read_log(d / "log_tcp_complete"));
    return outcome;
  }

  TempDir directory_;
};

ActiveConfig config(uint32_t epoch, uint8_t groups) {
  return {.epoch = epoch, .groups = GroupMask{groups}};
}

/// The cells of `row` for the columns that `shape` has, found by name.
std::vector<std::string> projected(const Log& log, size_t row, const Log& shape) {
  std::vector<std::string> cells;
  for (const std::string& column : shape.columns) cells.push_back(log.at(row, column));
  return cells;
}

TEST_F(GroupSwitch, EachSwitchOpensADirectoryAtThatPacket) {
  const Outcome plain = run("plain", 1, {});
  ASSERT_EQ(plain.complete.size(), 1U);
  ASSERT_EQ(plain.complete[0].rows.size(), kConnections);
  // In the middle of a connection, in the middle of another, and one that ends exactly at the
  // switch.
  const Outcome switched = run("switched", 1,
                               {{10 * kPacketsEach + 3, config(2, 0)},
                                {50 * kPacketsEach + 5, config(3, 1)},
                                {120 * kPacketsEach, config(4, 15)}});
  ASSERT_EQ(switched.complete.size(), 4U);
  const size_t rows[] = {10, 40, 70, 80};
  const char* const numbers[] = {"15", "00", "01", "15"};
  const size_t columns[] = {112, 42, 56, 112};
  size_t before = 0;
  for (size_t d = 0; d < 4; ++d) {
    const Log& log = switched.complete[d];
    EXPECT_EQ(log.group_number, numbers[d]);
    EXPECT_EQ(log.columns.size(), columns[d]);
    ASSERT_EQ(log.rows.size(), rows[d]) << d;
    for (size_t i = 0; i < log.rows.size(); ++i)
      EXPECT_EQ(log.rows[i], projected(plain.complete[0], before + i, log)) << "row " << before + i;
    before += rows[d];
  }
  EXPECT_EQ(switched.result.groups.bits(), 15);
}

TEST_F(GroupSwitch, AtThatPacketWhateverBringsIt) {
  const std::vector<control::GroupSwitch> switches = {{10 * kPacketsEach + 3, config(2, 0)},
                                                      {120 * kPacketsEach, config(3, 15)}};
  for (const unsigned workers : {1U, 2U}) {
    const std::string number = std::to_string(workers);
    const Outcome port = run("port" + number, workers, switches);
    ASSERT_EQ(port.complete.size(), 3U);
    for (const auto& [name, reader] : {std::pair{"file", dataplane::ReaderKind::file},
                                       {"preloaded", dataplane::ReaderKind::preloaded}}) {
      SCOPED_TRACE(name + number);
      const Outcome other = run(name + number, workers, switches, reader);
      ASSERT_EQ(other.complete.size(), 3U);
      size_t rows = 0;
      for (size_t d = 0; d < 3; ++d) {
        rows += other.complete[d].rows.size();
        EXPECT_EQ(other.complete[d].columns, port.complete[d].columns);
        if (workers == 1) {
          EXPECT_EQ(other.complete[d].rows, port.complete[d].rows);
        }
      }
      EXPECT_EQ(rows, kConnections);
    }
  }
}

TEST_F(GroupSwitch, SeveralWorkersSwitchTogether) {
  const Outcome plain = run("plain", 2, {});
  ASSERT_EQ(plain.complete.size(), 1U);
  const Outcome switched = run("switched", 2, {{80 * kPacketsEach + 4, config(2, 8)}});
  ASSERT_EQ(switched.complete.size(), 2U);
  // Records of one worker may still wait in its ring when the other's first record behind the
  // switch is written: they follow into the new directory, never back.
  EXPECT_LE(switched.complete[0].rows.size(), 80U);
  EXPECT_EQ(switched.complete[0].rows.size() + switched.complete[1].rows.size(), kConnections);
  std::vector<std::vector<std::string>> wanted, got;
  for (const Log& log : switched.complete)
    for (size_t i = 0; i < log.rows.size(); ++i)
      got.push_back(projected(log, i, switched.complete[1]));
  for (size_t i = 0; i < kConnections; ++i)
    wanted.push_back(projected(plain.complete[0], i, switched.complete[1]));
  // The first directory lacks no column of the second: both hold core and options.
  std::ranges::sort(wanted);
  std::ranges::sort(got);
  EXPECT_EQ(got, wanted);
}

TEST_F(GroupSwitch, ALogCanBeSwitchedOffAndOn) {
  ActiveConfig off = config(2, 15);
  off.logs.set(flowstats::Log::tcp_complete, false);
  const auto base = directory_ / "logs";
  auto capture = dataplane::open_capture(directory_ / "x.pcap", {});
  ASSERT_TRUE(capture.has_value());
  std::vector<dataplane::CaptureFile> captures;
  captures.push_back(std::move(*capture));
  control::SupervisorOptions options;
  options.writer.base = base;
  options.first_packet = *captures[0].first;
  options.switches = {{20 * kPacketsEach, off}, {60 * kPacketsEach, config(3, 15)}};
  control::Messages messages({.quiet = true});
  const control::SignalWatch signals;
  const auto result = replay(captures, dataplane::ReaderKind::dpdk, options, signals, messages);
  ASSERT_TRUE(result.has_value());
  const auto& directories = result->writer.directories;
  ASSERT_EQ(directories.size(), 3U);
  EXPECT_EQ(read_log(directories[0] / "log_tcp_complete").rows.size(), 20U);
  EXPECT_FALSE(std::filesystem::exists(directories[1] / "log_tcp_complete"));
  EXPECT_EQ(read_log(directories[2] / "log_tcp_complete").rows.size(), kConnections - 60);
  EXPECT_EQ(result->counters[flowstats::Counter::rows_complete_dropped_log_disabled], 40U);
  EXPECT_TRUE(control::make_ledger(result->counters, {}).closes());
}

}  // namespace
}  // namespace tapstat::tests
