#include "control/privileges/thread_state.h"

#include <unistd.h>

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/control/privileges/parked_threads.h"

namespace tapstat::tests {
namespace {

constexpr std::string_view kStatus =
    "Name:\ttapstat worker\n"
    "Uid:\t1\t2\t3\t4294967294\n"
    "Gid:\t5\t6\t7\t8\n"
    "SigBlk:\t0000000000004a03\n"
    "CapInh:\t0000000000000001\n"
    "CapPrm:\t0000000000000002\n"
    "CapEff:\t0000000000000004\n"
    "CapBnd:\t000001ffffffffff\n"
    "CapAmb:\t0000000000000008\n"
    "NoNewPrivs:\t1\n"
    "Seccomp:\t2\n"
    "Seccomp_filters:\t1\n";

std::string without(std::string_view name) {
  std::string text(kStatus);
  const size_t at = text.find(name);
  text.erase(at, text.find('\n', at) + 1 - at);
  return text;
}

TEST(ThreadState, IsReadFromTheLinesOfTheKernel) {
  const auto state = control::parse_thread_state(kStatus);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->name, "tapstat worker");
  EXPECT_EQ(state->uids, (std::array<uid_t, 4>{1, 2, 3, 4294967294U}));
  EXPECT_EQ(state->gids, (std::array<gid_t, 4>{5, 6, 7, 8}));
  EXPECT_EQ(state->blocked, 0x4a03U);
  EXPECT_EQ(state->inheritable, 1U);
  EXPECT_EQ(state->permitted, 2U);
  EXPECT_EQ(state->effective, 4U);
  EXPECT_EQ(state->bounding, 0x1ffffffffffU);
  EXPECT_EQ(state->ambient, 8U);
  EXPECT_TRUE(state->no_new_privileges);
  EXPECT_TRUE(state->filtered);
}

TEST(ThreadState, EachOfTheFourSetsCounts) {
  for (const std::string_view kept : {"CapInh", "CapPrm", "CapEff", "CapAmb"}) {
    std::string text(kStatus);
    for (const std::string_view name : {"CapInh", "CapPrm", "CapEff", "CapAmb"})
      if (name != kept) text.replace(text.find(name) + 8, 16, "0000000000000000");
    EXPECT_TRUE(control::parse_thread_state(text)->has_capabilities()) << kept;
    text.replace(text.find(kept) + 8, 16, "0000000000000000");
    EXPECT_FALSE(control::parse_thread_state(text)->has_capabilities()) << kept;
  }
}

TEST(ThreadState, AMissingLineIsNotTakenForNothing) {
  for (const std::string_view name : {"Uid", "Gid", "SigBlk", "CapInh", "CapPrm", "CapEff",
                                      "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp:"})
    EXPECT_FALSE(control::parse_thread_state(without(name)).has_value()) << name;
  EXPECT_FALSE(control::parse_thread_state("").has_value());
}

TEST(ThreadState, EveryThreadOfThisProcessIsListed) {
  ParkedThreads threads(3, [] {});
  const auto states = control::thread_states();
  ASSERT_TRUE(states.has_value()) << states.error().sentence;
  EXPECT_GE(states->size(), 4U);
  const auto main = std::find_if(states->begin(), states->end(),
                                 [](const auto& state) { return state.id == getpid(); });
  ASSERT_NE(main, states->end());
  EXPECT_EQ(main->uids[1], geteuid());
}

}  // namespace
}  // namespace tapstat::tests
