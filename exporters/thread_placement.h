/// Keeps the threads of a task arena on given CPUs, away from those that process packets.
///
/// oneTBB makes its threads when work arrives, and any of them may enter the arena: each is placed
/// as it enters, the writer's own thread included.
#pragma once

#include <sched.h>

#include <vector>

#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

namespace tapstat::exporters {

class ThreadPlacement final : public tbb::task_scheduler_observer {
 public:
  /// `cpus` as sched_setaffinity() counts them; empty: threads stay where they are. `arena`
  /// outlives the object.
  ThreadPlacement(tbb::task_arena& arena, const std::vector<int>& cpus);
  ~ThreadPlacement() override;
  ThreadPlacement(const ThreadPlacement&) = delete;
  ThreadPlacement& operator=(const ThreadPlacement&) = delete;

  /// Called by oneTBB on the thread that enters.
  void on_scheduler_entry(bool is_worker) override;

 private:
  cpu_set_t cpus_;
};

}  // namespace tapstat::exporters
