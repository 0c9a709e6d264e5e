// A thread crashes: who waits, who dies, and what is said.
#include "control/crash_watch.h"

#include <pthread.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "control/privileges/sanitizer_build.h"
#include "flowstats/base/result.h"

namespace tapstat::control {
namespace {

constexpr int kWaited = 42;
/// Sleeps as long as a watch gives it, and some more.
constexpr std::chrono::seconds kTooLong = CrashWatch::kWriteWithin * 2;

std::string printed(const Crash& crash) {
  char line[400];
  return std::string(crash_line(crash, line));
}

TEST(CrashLine, SaysWhoAndWhereAndWhatBecomesOfTheRows) {
  EXPECT_EQ(
      printed({.thread = "rte-worker-1", .signal = SIGSEGV, .address = 16, .instruction = 0xabc}),
      "tapstat: internal error: thread \"rte-worker-1\" was stopped by SIGSEGV (instruction 0xabc, "
      "address 0x10). What is recorded is being written, then the run ends. Please report this "
      "line, what `tapstat --version` says and, if you can, a capture of the packets.\n");
  EXPECT_EQ(
      printed({.thread = "tapstat", .signal = SIGABRT}),
      "tapstat: internal error: thread \"tapstat\" was stopped by SIGABRT. The run has ended; "
      "rows that were not written yet are lost. Please report this line, what `tapstat "
      "--version` says and, if you can, a capture of the packets.\n");
}

TEST(CrashLine, TheLongestFits) {
  EXPECT_TRUE(printed({.thread = "rte-worker-12345",
                       .signal = SIGSEGV,
                       .address = UINT64_MAX,
                       .instruction = UINT64_MAX})
                  .ends_with(".\n"));
}

TEST(CrashLine, NeverLongerThanItsPlace) {
  char line[20];
  EXPECT_EQ(crash_line({.thread = "control", .signal = SIGBUS}, line), "tapstat: internal er");
}

TEST(CrashWatch, OnlyWhoDoesNotWriteIsDispensable) {
  for (const char* name : {"rte-worker-1", "rte-worker-127", "control", "eal-intr-thread"})
    EXPECT_TRUE(is_dispensable(name)) << name;
  for (const char* name : {"tapstat", "tapstat-tstat", "", "r"})
    EXPECT_FALSE(is_dispensable(name)) << name;
}

/// Its own process: crashes in a thread of this name, and ends with kWaited when that one waits.
void crash_in(const char* thread, void (*crash)()) {
  const CrashWatch watch;
  std::thread([=] {
    pthread_setname_np(pthread_self(), thread);
    crash();
  }).detach();
  const auto end = std::chrono::steady_clock::now() + kTooLong;
  while (!watch.has_seen_one() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  std::_Exit(kWaited);
}

void use_a_wrong_address() { *reinterpret_cast<volatile int*>(0x10) = 1; }

class CrashWatchDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitizerReportsCrashes) GTEST_SKIP() << "the sanitizer's report is its own";
  }
};

TEST_F(CrashWatchDeathTest, APacketThreadWaits) {
  EXPECT_EXIT(crash_in("rte-worker-3", use_a_wrong_address), testing::ExitedWithCode(kWaited),
              "^tapstat: internal error: thread \"rte-worker-3\" was stopped by SIGSEGV "
              "\\(instruction 0x[0-9a-f]+, address 0x10\\)\\. What is recorded");
  EXPECT_EXIT(crash_in("control", std::abort), testing::ExitedWithCode(kWaited), "by SIGABRT\\. ");
}

TEST_F(CrashWatchDeathTest, AThreadThatWritesDies) {
  EXPECT_EXIT(crash_in("tapstat", use_a_wrong_address), testing::KilledBySignal(SIGSEGV),
              "thread \"tapstat\" was stopped by SIGSEGV .* The run has ended;");
  EXPECT_EXIT(crash_in("tapstat", std::abort), testing::KilledBySignal(SIGABRT), "by SIGABRT\\. ");
}

TEST_F(CrashWatchDeathTest, ASecondCrashIsNotHandled) {
  const auto twice = [] {
    const CrashWatch watch;
    std::thread([] {
      pthread_setname_np(pthread_self(), "control");
      std::abort();
    }).detach();
    while (!watch.has_seen_one()) std::this_thread::yield();
    use_a_wrong_address();
  };
  EXPECT_EXIT(twice(), testing::KilledBySignal(SIGSEGV), "^[^\n]*SIGABRT[^\n]*\n$");
}

TEST_F(CrashWatchDeathTest, NobodyWaitsForEver) {
  const auto stuck = [] {
    const CrashWatch watch;
    pthread_setname_np(pthread_self(), "control");
    std::thread([] { std::this_thread::sleep_for(kTooLong); }).detach();
    std::abort();
  };
  EXPECT_EXIT(stuck(),
              testing::ExitedWithCode(static_cast<int>(flowstats::ExitStatus::internal_error)),
              "could not be written in time");
}

TEST_F(CrashWatchDeathTest, AnAlarmOfSomebodyElseIsHis) {
  const auto alarmed = [] {
    const CrashWatch watch;
    raise(SIGALRM);
  };
  EXPECT_EXIT(alarmed(), testing::KilledBySignal(SIGALRM), "^$");
}

TEST(CrashWatch, LeavesTheSignalsAsTheyWere) {
  struct sigaction before {};
  struct sigaction after {};
  sigaction(SIGSEGV, nullptr, &before);
  { const CrashWatch watch; }
  sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

}  // namespace
}  // namespace tapstat::control
