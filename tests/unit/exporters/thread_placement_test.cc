#include "exporters/thread_placement.h"

#include <mutex>
#include <set>
#include <vector>

#include <gtest/gtest.h>
#include <tbb/parallel_for.h>

#include "exporters/writer.h"

namespace tapstat::exporters {
namespace {

std::vector<int> own_cpus() {
  cpu_set_t set;
  std::vector<int> cpus;
  EXPECT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.push_back(static_cast<int>(cpu));
  return cpus;
}

/// The CPU sets of all threads that worked in `arena`.
std::set<std::vector<int>> sets_seen(tbb::task_arena& arena) {
  std::mutex mutex;
  std::set<std::vector<int>> seen;
  arena.execute([&] {
    tbb::parallel_for(0, 2'000, [&](int) {
      const auto cpus = own_cpus();
      const std::lock_guard lock{mutex};
      seen.insert(cpus);
    });
  });
  return seen;
}

/// Restores the CPUs of the test's own thread, which enters the arena.
class ThreadPlacementTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "oneTBB is not instrumented: its hand-over of a task looks like a race";
#endif
  }
  ~ThreadPlacementTest() override {
    cpu_set_t set{};
    for (const int cpu : all_) CPU_SET(static_cast<size_t>(cpu), &set);
    sched_setaffinity(0, sizeof set, &set);
  }
  std::vector<int> all_ = own_cpus();
};

TEST_F(ThreadPlacementTest, EveryThreadOfTheArenaIsOnTheCpusGiven) {
  tbb::task_arena arena(2, 1);
  const std::vector<int> last = {all_.back()};
  const ThreadPlacement placement(arena, last);
  EXPECT_EQ(sets_seen(arena), (std::set<std::vector<int>>{last}));
}

TEST_F(ThreadPlacementTest, WithoutCpusThreadsStayWhereTheyAre) {
  tbb::task_arena arena(1, 1);
  const ThreadPlacement placement(arena, {});
  EXPECT_EQ(sets_seen(arena), (std::set<std::vector<int>>{all_}));
}

TEST(WriterThreads, TextTakesAQuarterOfTheCoresAndGzipAll) {
  const struct {
    unsigned cores, text, gzip;
  } kCases[] = {{0, 1, 1}, {1, 1, 1}, {2, 1, 2}, {8, 2, 8}, {16, 4, 16}, {128, 4, 16}};
  for (const auto& c : kCases) {
    EXPECT_EQ(writer_threads(c.cores, false), c.text) << c.cores;
    EXPECT_EQ(writer_threads(c.cores, true), c.gzip) << c.cores;
  }
}

}  // namespace
}  // namespace tapstat::exporters
