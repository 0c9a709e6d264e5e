/// Runs a body in a child process: what it gives up there, the test program keeps.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include <gtest/gtest.h>

namespace tapstat::tests {

/// How the child ended.
struct Ending {
  int status = 0;  // of waitpid()
  [[nodiscard]] bool good() const { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }
  [[nodiscard]] int signal() const { return WIFSIGNALED(status) ? WTERMSIG(status) : 0; }
};

/// Expectations that fail in the body are printed, and the ending is not good.
template <class Body>
Ending in_child(Body body) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    body();
    std::fflush(nullptr);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  Ending ending;
  EXPECT_EQ(waitpid(child, &ending.status, 0), child);
  return ending;
}

}  // namespace tapstat::tests
