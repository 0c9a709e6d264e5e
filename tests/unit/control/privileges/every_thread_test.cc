#include "control/privileges/every_thread.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>

#include <gtest/gtest.h>

#include "control/privileges/thread_state.h"
#include "tests/unit/control/privileges/child_process.h"
#include "tests/unit/control/privileges/parked_threads.h"

namespace tapstat::tests {
namespace {

/// Past the sanitizers, which would look the thread up: it may be in the making.
__attribute__((no_sanitize("thread"))) void mark() noexcept {
  syscall(SYS_prctl, PR_SET_NAME, "marked", 0, 0, 0);
}

TEST(EveryThread, IsReachedWhereverItWaits) {
  const Ending ending = in_child([] {
    ParkedThreads threads(5, [] {});
    const auto done = control::on_every_thread(mark);
    EXPECT_TRUE(done.has_value()) << done.error().sentence;
    const auto states = control::thread_states();
    ASSERT_TRUE(states.has_value());
    EXPECT_EQ(states->size(), 6U);
    for (const auto& state : *states) EXPECT_EQ(state.name, "marked") << state.id;
  });
  EXPECT_TRUE(ending.good());
}

TEST(EveryThread, ThoseMadeMeanwhileAreReachedOrInherit) {
  const Ending ending = in_child([] {
    std::atomic<bool> stop = false;
    // Each thread makes the next one, so the list changes while it is read.
    std::thread maker([&] {
      while (!stop) std::thread([] { usleep(300); }).join();
    });
    for (int i = 0; i < 20; ++i) {
      const auto done = control::on_every_thread(mark);
      EXPECT_TRUE(done.has_value()) << done.error().sentence;
    }
    const auto states = control::thread_states();
    for (const auto& state : *states) EXPECT_EQ(state.name, "marked") << state.id;
    stop = true;
    maker.join();
  });
  EXPECT_TRUE(ending.good());
}

TEST(EveryThread, OneThatDoesNotAnswerIsNamed) {
  const Ending ending = in_child([] {
    std::atomic<bool> deaf = false, stop = false;
    std::thread thread([&] {
      prctl(PR_SET_NAME, "deaf", 0, 0, 0);
      sigset_t one;
      sigemptyset(&one);
      sigaddset(&one, SIGRTMAX);
      pthread_sigmask(SIG_BLOCK, &one, nullptr);
      deaf = true;
      while (!stop) usleep(1000);
      pthread_sigmask(SIG_UNBLOCK, &one, nullptr);  // the signal that came too late is ignored
    });
    while (!deaf) usleep(1000);
    const auto done = control::on_every_thread(mark);
    EXPECT_FALSE(done.has_value());
    EXPECT_EQ(done.error().status, flowstats::ExitStatus::environment);
    EXPECT_NE(done.error().sentence.find("(deaf) does not give up"), std::string::npos);
    stop = true;
    thread.join();
  });
  EXPECT_TRUE(ending.good());
}

TEST(EveryThread, TheSignalBelongsToOthersAgain) {
  const Ending ending = in_child([] {
    EXPECT_TRUE(control::on_every_thread(mark).has_value());
    struct sigaction now {};
    EXPECT_EQ(sigaction(SIGRTMAX, nullptr, &now), 0);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
  });
  EXPECT_TRUE(ending.good());
}

}  // namespace
}  // namespace tapstat::tests
