// A process that writes exit records is killed at random moments, a hundred times, and started
// again over what it left: every published file is whole from its first appearance on and never
// changes, and of the records only those since the last flush are missing.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "exporters/web100_log.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/exporters/exit_sample.h"
#include "tests/unit/exporters/web100_files.h"

namespace tapstat::exporters {
namespace {

using flowstats::Timestamp;
using tests::kHour;
using tests::published_files;

constexpr uint32_t kKills = 100;
constexpr uint32_t kCidsOfARun = 10'000'000;

/// Memory that parent and children share: the last record of each run that was flushed.
class Progress {
 public:
  Progress()
      : flushed_(static_cast<std::atomic<uint32_t>*>(
            mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~Progress() { munmap(flushed_, kBytes); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  std::atomic<uint32_t>& operator[](uint32_t run) { return flushed_[run]; }

 private:
  static constexpr size_t kBytes = kKills * sizeof(std::atomic<uint32_t>);
  std::atomic<uint32_t>* flushed_;
};

Web100Options web100_options_in(const tests::TempDir& temp) {
  Web100Options options;
  options.root = temp.path();
  options.node = "n";
  return options;
}

/// Writes until it is killed: a record every 20 s of packet time.
[[noreturn]] void write_records(const Web100Options& options, uint32_t run,
                                std::atomic<uint32_t>& flushed) {
  flowstats::CounterBlock counters;
  WriteErrors errors;
  Web100Log log{options, counters, errors};
  if (!log.open()) _exit(1);
  for (uint32_t i = 1; i < kCidsOfARun; ++i) {
    const auto record = tests::exit_record(run * kCidsOfARun + i, 20 * i);
    log.append(record);
    log.advance(record.poll);
    if (i % 7 != 0) continue;
    log.flush();
    flushed = i;
  }
  _exit(2);
}

void wait_for_a_flush(const std::atomic<uint32_t>& flushed) {
  for (int i = 0; flushed == 0 && i < 5'000; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
}

/// Every line has its end and as many words as the keys have.
bool is_whole(const std::string& text) {
  const auto words = [](const std::string& line) {
    return std::count(line.begin(), line.end(), ' ');
  };
  if (text.empty() || text.back() != '\n' || text.compare(0, 3, "K: ") != 0) return false;
  std::istringstream in{text};
  std::string line;
  std::getline(in, line);
  const auto keys = words(line);
  size_t records = 0;
  for (; std::getline(in, line); ++records)
    if (line.compare(0, 3, "C: ") != 0 || words(line) != keys) return false;
  return records > 0;
}

/// Reads the tree again: what was there is unchanged, what is new is whole.
void expect_growth(std::map<std::string, std::string>& known, const tests::TempDir& temp) {
  auto now = published_files(temp.path());
  for (const auto& [name, text] : known) EXPECT_EQ(now[name], text) << name << " has changed";
  for (const auto& [name, text] : now)
    EXPECT_TRUE(known.count(name) == 1 || is_whole(text)) << name << '\n' << text;
  known = std::move(now);
}

std::multiset<uint32_t> cids_of(const std::map<std::string, std::string>& files) {
  std::multiset<uint32_t> cids;
  for (const auto& [name, text] : files) {
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);)
      if (line.compare(0, 3, "C: ") == 0)
        cids.insert(static_cast<uint32_t>(std::stoul(line.substr(3))));
  }
  return cids;
}

TEST(Web100Kill, PublishedFilesAreWholeAndNothingFlushedIsLost) {
  const tests::TempDir temp;
  Progress flushed;
  std::map<std::string, std::string> known;
  std::mt19937 random{20170203};
  std::uniform_int_distribution<int> wait_us{0, 20'000};
  for (uint32_t run = 0; run < kKills; ++run) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_records(web100_options_in(temp), run, flushed[run]);
    if (run % 2 == 1) wait_for_a_flush(flushed[run]);  // a busy machine may not get so far
    std::this_thread::sleep_for(std::chrono::microseconds{wait_us(random)});
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    expect_growth(known, temp);
  }
  flowstats::CounterBlock counters;
  WriteErrors errors;
  Web100Log last{web100_options_in(temp), counters, errors};
  ASSERT_TRUE(last.open());
  expect_growth(known, temp);
  EXPECT_TRUE(errors.sentences().empty());
  const auto cids = cids_of(known);
  size_t promised = 0;
  for (uint32_t run = 0; run < kKills; ++run) {
    promised += flushed[run];
    for (uint32_t i = 1; i <= flushed[run]; ++i)
      EXPECT_EQ(cids.count(run * kCidsOfARun + i), 1U) << "run " << run << ", record " << i;
  }
  EXPECT_GT(promised, 0U);
  EXPECT_GT(known.size(), 10U);
  EXPECT_TRUE(tests::is_accepted(temp.path()));
}

}  // namespace
}  // namespace tapstat::exporters
